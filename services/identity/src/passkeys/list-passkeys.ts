import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { passkeyEntriesOf } from './passkey-store.ts';
import { DeviceName } from './start-registration.ts';

const Passkey = z
  .object({
    id: Id,
    device_name: DeviceName,
    credential_id: z.string().meta({
      description: 'The WebAuthn id, base64url',
      examples: ['mZ0r1t3uJ5xk7Qe9aWc2sVf4yHb6nTg8pLd0oKi1jRw'],
    }),
    created_at: Timestamp,
    last_used_at: Timestamp.nullable(),
    usage_count: z.int(),
  })
  .meta({ id: 'Passkey' });

export const listPasskeys = endpoint(
  {
    operation: 'listPasskeys',
    method: 'get',
    path: '/webauthn/credentials',
    summary: 'Passkeys of the caller, the newest first',
    caller: 'user',
    session: true,
    answer: z.object({ credentials: z.array(Passkey), total_count: z.int() }),
  },
  async ({ caller, db }) => {
    const credentials = await passkeyEntriesOf(db, caller.userId);
    return { credentials, total_count: credentials.length };
  },
);
