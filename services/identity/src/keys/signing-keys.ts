import { type AccessTokenClaims, accessTokenAlgorithm, accessTokenType } from '@rivergate/caller';
import type { Log } from '@rivergate/endpoint';
import type { SecretBox } from '@rivergate/secrets';
import { importJWK, type JWK, SignJWT } from 'jose';
import type { Knex } from 'knex';
import { currentKey, publishedKeys } from './signing-key-store.ts';

/** How often a process reads the keys again, in milliseconds. */
const READ_EVERY = 15_000;
/** What was read longer ago signs nothing: the key may be about to go. Below the margin of a rotation. */
const TOO_OLD = 240_000;

/** The keys of access tokens, as this process knows them. */
export interface SigningKeys {
  /** A compact JWS over the claims, by the key that signs now. */
  sign(claims: AccessTokenClaims): Promise<string>;
  /** The public halves of every key of which tokens may be about (RFC 7517). */
  published(): { keys: JWK[] };
  /** Reads the keys now. */
  read(): Promise<void>;
  stop(): void;
}

interface Known {
  kid: string;
  privateKey: Awaited<ReturnType<typeof importJWK>>;
  jwks: { keys: JWK[] };
  readAt: number;
}

/** Context under which a private key is sealed: a sealed key moved to another row does not open. */
export const sealingContext = (kid: string) => `identity signing key ${kid}`;

/**
 * Keeps the keys in memory, read by the clock and never by a request: a request that signs holds a connection, and
 * would wait for a second one while all are held by requests like it.
 */
export function signingKeys(knex: Knex, box: SecretBox, log: Log): SigningKeys {
  let known: Known | undefined;

  async function read(): Promise<void> {
    const [signing, published] = await Promise.all([currentKey(knex), publishedKeys(knex)]);
    if (!signing) throw new Error('There is no signing key');
    const privateJwk = JSON.parse(box.open(signing.private_jwk_sealed, sealingContext(signing.kid)));
    known = {
      kid: signing.kid,
      privateKey: await importJWK(privateJwk, accessTokenAlgorithm),
      jwks: { keys: published.map(row => row.public_jwk) },
      readAt: Date.now(),
    };
  }

  function current(): Known {
    if (known && Date.now() - known.readAt < TOO_OLD) return known;
    throw new Error('The signing keys could not be read for too long');
  }

  const reading = setInterval(() => {
    read().catch(cause => log.warn({ err: cause }, 'The signing keys could not be read again'));
  }, READ_EVERY).unref();

  return {
    sign(claims) {
      const { kid, privateKey } = current();
      const header = { alg: accessTokenAlgorithm, typ: accessTokenType, kid };
      return new SignJWT({ ...claims }).setProtectedHeader(header).sign(privateKey);
    },
    published: () => current().jwks,
    read,
    stop: () => clearInterval(reading),
  };
}
