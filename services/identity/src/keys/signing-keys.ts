import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type AccessTokenClaims, accessTokenAlgorithm, accessTokenType } from '@rivergate/caller';
import type { Log } from '@rivergate/endpoint';
import type { SecretBox } from '@rivergate/secrets';
import type { JWK } from 'jose';
import type { Knex } from 'knex';
import { currentKey, publishedKeys } from './signing-key-store.ts';

/** How often a process reads the keys again, in milliseconds. */
const READ_EVERY = 15_000;
/** What was read longer ago signs nothing: the key may be about to go. Below the margin of a rotation. */
const TOO_OLD = 240_000;

/** The keys of access tokens, as this process knows them. */
export interface SigningKeys {
  /**
   * A compact JWS over the claims (RFC 7515), by the key that signs now. At once and without Web Crypto, whose way
   * through the thread pool costs more than the signature.
   */
  sign(claims: AccessTokenClaims): string;
  /** The public halves of every key of which tokens may be about (RFC 7517). */
  published(): { keys: JWK[] };
  /** Reads the keys now. */
  read(): Promise<void>;
  stop(): void;
}

interface Known {
  kid: string;
  privateKey: KeyObject;
  /** The protected header, encoded. */
  header: string;
  jwks: { keys: JWK[] };
  readAt: number;
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

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
      privateKey: createPrivateKey({ key: privateJwk, format: 'jwk' }),
      header: encoded({ alg: accessTokenAlgorithm, typ: accessTokenType, kid: signing.kid }),
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
      const { privateKey, header } = current();
      const content = `${header}.${encoded(claims)}`;
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
    published: () => current().jwks,
    read,
    stop: () => clearInterval(reading),
  };
}
