import { EmailAddress } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { networkKey, networkOf } from '../login/check-credentials.ts';
import { Challenge, CredentialDescriptor, descriptorOf, TIMEOUT } from './credential.ts';
import { noteLogin } from './login-store.ts';
import { offeredTo } from './offered.ts';

/** PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3, section 5.1.9) */
const RequestOptions = z
  .object({
    challenge: Challenge,
    allowCredentials: z.array(CredentialDescriptor),
    timeout: z.int().meta({ description: 'Milliseconds', examples: [TIMEOUT] }),
    userVerification: z.literal('required'),
    rpId: z.string().meta({ examples: ['example.com'] }),
  })
  .meta({ id: 'CredentialRequestOptions' });

export const startLogin = endpoint(
  {
    operation: 'startPasskeyLogin',
    method: 'post',
    path: '/webauthn/authenticate/start',
    summary: 'Request options for a login with a passkey',
    description:
      'For `PublicKeyCredential.parseRequestOptionsFromJSON`. An address without a passkey is answered alike, with a ' +
      'credential that is made up.',
    caller: 'public',
    body: z.object({ email: EmailAddress }),
    answer: RequestOptions,
    rateLimit: 'passkey_start',
    idempotency: false,
  },
  {
    async prepare({ body, request, knex, secretBox, limit }) {
      await limit('passkey_start_address', networkKey(body.email, request.ip));
      return offeredTo({ knex, secretBox }, body.email);
    },
    async handle({ body, prepared, request, db, settings }) {
      const challenge = oneTimeToken();
      await noteLogin(db, { challenge, email: body.email, network: networkOf(request.ip) });
      return {
        challenge,
        allowCredentials: prepared.offered.map(descriptorOf),
        timeout: TIMEOUT,
        userVerification: 'required' as const,
        rpId: settings.relyingParty.id,
      };
    },
  },
);
