import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { CLIENT_ALGORITHMS, isPrivateJwk } from '@rivergate/caller/dpop';
import { z } from 'zod';

/** The most keys that are taken of one client. */
const MOST_KEYS = 20;
/** Bits of an RSA key: fewer are not safe (RFC 7518, section 3.3), more are work that others make for this platform. */
const RSA_BITS = { least: 2_048, most: 4_096 };

const part = (max = 700) => z.string().max(max).optional();

/** Public key of a client (RFC 7517); members that are not named are passed over. */
const ClientKey = z
  .object({
    kty: z.enum(['EC', 'OKP', 'RSA']),
    crv: part(20).meta({ examples: ['P-256'] }),
    x: part().meta({ examples: ['f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'] }),
    y: part().meta({ examples: ['x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'] }),
    n: part().meta({
      examples: [
        'sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC',
      ],
    }),
    e: part().meta({ examples: ['AQAB'] }),
    kid: part(255).meta({ examples: ['2026-01'] }),
    alg: z.enum(CLIENT_ALGORITHMS).optional(),
    use: z.literal('sig').optional(),
  })
  .meta({ id: 'OAuthClientKey' });
export type ClientKey = z.output<typeof ClientKey>;

/** Public keys of a client (RFC 7517, section 5). */
export const KeySet = z.object({ keys: z.array(ClientKey).min(1).max(MOST_KEYS) });
export type KeySet = z.output<typeof KeySet>;
export type GivenKeySet = z.output<typeof GivenKeySet>;

/** Keys as they are given, and as they are kept where all can be used. Which cannot, is told where it is known how to. */
const given = z
  .object({ keys: z.array(z.record(z.string(), z.unknown())).max(100) })
  .overwrite(set => (usableKeySet(set) as typeof set | undefined) ?? set);
const MEANING = {
  description: `Public keys (RFC 7517, section 5): of P-256, Ed25519, or RSA with ${RSA_BITS.least} to ${RSA_BITS.most} bits`,
  examples: [
    {
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
          kid: '2026-01',
        },
      ],
    },
  ],
};
/** As a client brings them, and as an administrator does. */
export const BroughtKeySet = given.meta(MEANING);
export const GivenKeySet = given.strict().meta(MEANING);

/** Where a client publishes its keys. */
export const KeySetAddress = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .meta({
    description:
      'Address of the public keys (RFC 7517, section 5), which has to be reachable from the platform; a key that is taken ' +
      'from there may be good for five minutes more',
    examples: ['https://app.example.com/jwks.json'],
  });

/** A key that can prove a client; undefined for a private or shared one, a weak one, and one for something else. */
export function usableKey(jwk: unknown): ClientKey | undefined {
  const { success, data } = ClientKey.safeParse(jwk);
  return success && !isPrivateJwk(jwk as object) && isStrong(data) ? data : undefined;
}

/** @returns undefined where one of the keys cannot be used, and where two are called alike */
export function usableKeySet({ keys: given }: { keys: readonly object[] }): KeySet | undefined {
  const keys = given.map(usableKey).filter(key => key !== undefined);
  const names = keys.map(({ kid }) => kid).filter(kid => kid !== undefined);
  const isWhole = keys.length === given.length && keys.length > 0 && keys.length <= MOST_KEYS;
  return isWhole && new Set(names).size === names.length ? { keys } : undefined;
}

/** Those of a set that somebody else publishes that can be used: it may hold others, as for encryption. */
export function usableKeysOf(given: unknown): KeySet {
  const keys = (given as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) return { keys: [] };
  return {
    keys: keys
      .slice(0, MOST_KEYS)
      .map(usableKey)
      .filter(key => key !== undefined),
  };
}

function isStrong(jwk: ClientKey): boolean {
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve, modulusLength = 0 } = {} } = key;
    if (type === 'rsa') return modulusLength >= RSA_BITS.least && modulusLength <= RSA_BITS.most;
    return type === 'ed25519' || (type === 'ec' && namedCurve === 'prime256v1');
  } catch {
    return false;
  }
}
