import { reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { SIGNING_ALGORITHMS } from './signing-key-store.ts';

const part = (...examples: string[]) => z.string().optional().meta({ examples });

/** Of either kind; which members there are, `kty` says (RFC 7518, section 6). */
const PublicKey = z
  .object({
    kty: z.enum(['EC', 'RSA']),
    crv: z.literal('P-256').optional(),
    x: part('f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'),
    y: part('x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'),
    n: part(
      'sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC',
    ),
    e: part('AQAB'),
    kid: z.string().meta({ examples: ['2026-01'] }),
    alg: z.enum(SIGNING_ALGORITHMS),
    use: z.literal('sig'),
  })
  .meta({ id: 'JsonWebKey' });

/** JSON Web Key Set (RFC 7517, section 5) */
export const jwks = endpoint(
  {
    operation: 'getSigningKeys',
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'Public keys of access tokens and ID tokens',
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
