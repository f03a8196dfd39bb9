import { type AccessTokenClaims, accessTokenAlgorithm, accessTokenType } from '@rivergate/caller';
import type { SecretBox } from '@rivergate/secrets';
import { importJWK, type JWK, SignJWT } from 'jose';
import type { Knex } from 'knex';
import { currentKey, publishedKeys } from './signing-key-store.ts';

/** How long a process goes on with the keys it has read, in milliseconds; far below the lead of a new key. */
const MEMORY = 15_000;

/** The keys of access tokens, as this process knows them. */
export interface SigningKeys {
  /** A compact JWS over the claims, by the key that signs now. */
  sign(claims: AccessTokenClaims): Promise<string>;
  /** The public halves of every key of which tokens may be about (RFC 7517). */
  published(): Promise<{ keys: JWK[] }>;
  /** Forgets what was read, so that the next use reads again. */
  forget(): void;
}

interface Known {
  kid: string;
  privateKey: Awaited<ReturnType<typeof importJWK>>;
  jwks: { keys: JWK[] };
}

/** Context under which a private key is sealed: a sealed key moved to another row does not open. */
export const sealingContext = (kid: string) => `identity signing key ${kid}`;

export function signingKeys(knex: Knex, box: SecretBox): SigningKeys {
  let known: { until: number; keys: Promise<Known> } | undefined;

  async function read(): Promise<Known> {
    const [signing, published] = await Promise.all([currentKey(knex), publishedKeys(knex)]);
    if (!signing) throw new Error('There is no signing key');
    const privateJwk = JSON.parse(box.open(signing.private_jwk_sealed, sealingContext(signing.kid)));
    return {
      kid: signing.kid,
      privateKey: await importJWK(privateJwk, accessTokenAlgorithm),
      jwks: { keys: published.map(row => row.public_jwk) },
    };
  }

  function keys(): Promise<Known> {
    if (known && known.until > Date.now()) return known.keys;
    const reading = read();
    known = { until: Date.now() + MEMORY, keys: reading };
    reading.catch(() => {
      known = undefined;
    });
    return reading;
  }

  return {
    async sign(claims) {
      const { kid, privateKey } = await keys();
      const header = { alg: accessTokenAlgorithm, typ: accessTokenType, kid };
      return new SignJWT({ ...claims }).setProtectedHeader(header).sign(privateKey);
    },
    published: async () => (await keys()).jwks,
    forget() {
      known = undefined;
    },
  };
}
