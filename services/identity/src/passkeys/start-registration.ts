import { UserNotFound } from '@rivergate/contracts';
import { displayText, error } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { Challenge, CredentialDescriptor, descriptorOf, TIMEOUT, userHandleOf } from './credential.ts';
import { MAX_PASSKEYS, passkeysOf } from './passkey-store.ts';
import { replaceRegistration } from './registration-store.ts';
import { ALGORITHMS } from './verify-attestation.ts';

export const RegistrationStartFailed = error(
  'REGISTRATION_START_FAILED',
  400,
  `You have ${MAX_PASSKEYS} passkeys; delete one first`,
);

export const DeviceName = displayText(100).meta({ examples: ['Work laptop'] });

/** PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3, section 5.1.8) */
const CreationOptions = z
  .object({
    challenge: Challenge,
    rp: z.object({
      name: z.string().meta({ examples: ['Example'] }),
      id: z.string().meta({ examples: ['example.com'] }),
    }),
    user: z.object({
      id: z.string().meta({ examples: ['Nw'] }),
      name: z.string().meta({ examples: ['ada@example.com'] }),
      displayName: z.string().meta({ examples: ['Ada Lovelace'] }),
    }),
    pubKeyCredParams: z.array(
      z.object({ type: z.literal('public-key'), alg: z.int().meta({ examples: [-7] }) }),
    ),
    authenticatorSelection: z.object({
      userVerification: z.literal('required'),
      residentKey: z.literal('preferred'),
    }),
    excludeCredentials: z.array(CredentialDescriptor),
    timeout: z.int().meta({ description: 'Milliseconds', examples: [TIMEOUT] }),
    attestation: z.literal('none'),
  })
  .meta({ id: 'CredentialCreationOptions' });

export const startRegistration = endpoint(
  {
    operation: 'startPasskeyRegistration',
    method: 'post',
    path: '/webauthn/register/start',
    summary: 'Creation options for a new passkey or security key',
    description:
      'For `PublicKeyCredential.parseCreationOptionsFromJSON`. A new start replaces the challenge of the one before.',
    caller: 'user',
    session: true,
    fresh: true,
    body: z.object({ device_name: DeviceName }),
    status: 201,
    answer: CreationOptions,
    errors: [RegistrationStartFailed, UserNotFound],
    idempotency: false,
  },
  async ({ body, caller, db, settings }) => {
    const account = await accountById(db, caller.userId);
    if (!account || account.disabled_at) throw UserNotFound();
    const passkeys = await passkeysOf(db, account.id);
    if (passkeys.length >= MAX_PASSKEYS) throw RegistrationStartFailed();

    const challenge = oneTimeToken();
    await replaceRegistration(db, account.id, { challenge, device_name: body.device_name });
    const { id, name } = settings.relyingParty;
    return {
      challenge,
      rp: { name, id },
      user: { id: userHandleOf(account.id), name: account.email, displayName: account.display_name },
      pubKeyCredParams: ALGORITHMS.map(alg => ({ type: 'public-key' as const, alg })),
      // Resident, where it can be: then browsers offer it by themselves in the field for the address.
      authenticatorSelection: { userVerification: 'required' as const, residentKey: 'preferred' as const },
      excludeCredentials: passkeys.map(descriptorOf),
      timeout: TIMEOUT,
      attestation: 'none' as const,
    };
  },
);
