import { UserNotFound } from '@rivergate/contracts';
import { error, Id, Timestamp } from '@rivergate/endpoint';
import { passkeyRegistered } from '@rivergate/events';
import { z } from 'zod';
import { accountById, lockAccount } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { isDisowned } from '../sessions/session-store.ts';
import { RegisteredCredential, TRANSPORTS } from './credential.ts';
import { isDecoy } from './offered.ts';
import { passkeyRegisteredMail } from './passkey-mails.ts';
import { countPasskeys, insertPasskey, MAX_PASSKEYS } from './passkey-store.ts';
import { pendingRegistration, spendRegistration } from './registration-store.ts';
import { DeviceName } from './start-registration.ts';
import { verifyAttestation } from './verify-attestation.ts';

export const InvalidAttestation = error('INVALID_ATTESTATION', 400, 'The credential does not verify');
export const RegistrationCompletionFailed = error(
  'REGISTRATION_COMPLETION_FAILED',
  400,
  'The passkey was started under another name, is registered already, or is one too many',
);
export const ChallengeNotFound = error(
  'CHALLENGE_NOT_FOUND',
  404,
  'There is no challenge that waits for this; start again',
);

export const completeRegistration = endpoint(
  {
    operation: 'completePasskeyRegistration',
    method: 'post',
    path: '/webauthn/register/complete',
    summary: 'Verify and store a new credential',
    description: 'Spends the challenge, also where it fails.',
    caller: 'user',
    session: true,
    body: z.object({ credential: RegisteredCredential, device_name: DeviceName }),
    bodyLimit: 64 * 1024,
    answer: z.object({
      credential_id: Id.meta({ description: 'Identifier of the passkey, not the WebAuthn id' }),
      device_name: DeviceName,
      created_at: Timestamp,
    }),
    message: 'Passkey registered',
    messageInData: true,
    errors: [RegistrationCompletionFailed, InvalidAttestation, UserNotFound, ChallengeNotFound],
  },
  {
    async prepare({ body, caller, knex, settings, log }) {
      const pending = await pendingRegistration(knex, caller.userId);
      if (!pending) return undefined;
      const attested = await verifyAttestation({ settings, log }, pending.challenge, body.credential);
      return { ...pending, attested };
    },
    // A failure is returned: the challenge is spent with it.
    async handle({ body, caller, prepared, db, emit, mail, secretBox }) {
      const { userId } = caller;
      await lockAccount(db, userId);
      const account = await accountById(db, userId);
      if (!account || account.disabled_at || (await isDisowned(db, caller.sessionId))) throw UserNotFound();
      if (!prepared || !(await spendRegistration(db, userId, prepared.challenge))) throw ChallengeNotFound();
      const { attested, device_name } = prepared;
      if (body.device_name !== device_name) return RegistrationCompletionFailed();
      if (!attested) return InvalidAttestation();
      if (isDecoy(secretBox, attested.credentialId)) return RegistrationCompletionFailed();
      if ((await countPasskeys(db, userId)) >= MAX_PASSKEYS) return RegistrationCompletionFailed();

      const transports = TRANSPORTS.filter(known => body.credential.response.transports?.includes(known));
      const passkey = await insertPasskey(db, {
        ...attested,
        userId,
        sessionId: caller.sessionId,
        transports,
        deviceName: device_name,
      });
      if (!passkey) return RegistrationCompletionFailed();
      await emit(passkeyRegistered, {
        aggregateId: passkey.id,
        organizationId: null,
        data: { passkey_id: passkey.id, user_id: userId, device_name },
      });
      const { email: to, display_name: displayName } = account;
      await mail.send(db, passkeyRegisteredMail({ to, displayName, deviceName: device_name }));
      return { credential_id: passkey.id, device_name, created_at: passkey.created_at };
    },
  },
);
