import { reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const PublicKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  alg: z.literal('ES256'),
  use: z.literal('sig'),
});

/** JSON Web Key Set (RFC 7517, section 5) */
export const jwks = endpoint(
  {
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'Public keys of access tokens',
    caller: 'public',
    answer: z.object({ keys: z.array(PublicKey) }),
    bare: true,
  },
  async ({ keys }) =>
    // A new key is published for longer than this before it signs.
    reply(keys.published() as { keys: z.infer<typeof PublicKey>[] }, {
      headers: { 'cache-control': 'public, max-age=60' },
    }),
);
