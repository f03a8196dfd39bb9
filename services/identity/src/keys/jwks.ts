import { reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const PublicKey = z
  .object({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string().meta({ examples: ['f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'] }),
    y: z.string().meta({ examples: ['x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'] }),
    kid: z.string().meta({ examples: ['2026-01'] }),
    alg: z.literal('ES256'),
    use: z.literal('sig'),
  })
  .meta({ id: 'JsonWebKey' });

/** JSON Web Key Set (RFC 7517, section 5) */
export const jwks = endpoint(
  {
    operation: 'getSigningKeys',
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
