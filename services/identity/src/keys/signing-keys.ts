import { createPrivateKey, sign } from 'node:crypto';
import { type AccessTokenClaims, accessTokenAlgorithm, accessTokenType } from '@rivergate/caller';
import type { Log } from '@rivergate/endpoint';
import type { SecretBox } from '@rivergate/secrets';
import type { JWK } from 'jose';
import type { Knex } from 'knex';
import { jwsSignature } from './ecdsa-signature.ts';
import {
  currentKeys,
  publishedKeys,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type SigningKeyRow,
} from './signing-key-store.ts';

/** How often a process reads the keys again, in milliseconds. */
const READ_EVERY = 15_000;
/** What was read longer ago signs nothing: the key may be about to go. Below the margin of a rotation. */
const TOO_OLD = 240_000;

/** The keys of tokens, as this process knows them. */
export interface SigningKeys {
  /**
   * A compact JWS over the claims (RFC 7515), by the key that signs now. At once and without Web Crypto, whose way
   * through the thread pool costs more than the signature.
   */
  sign(claims: AccessTokenClaims): string;
  /** The same of an ID token (OpenID Connect Core 1.0, section 2): its type is that of no access token. */
  signIdToken(claims: object, alg: SigningAlgorithm): string;
  /** The same of a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4), of a type of its own. */
  signLogoutToken(claims: object, alg: SigningAlgorithm): string;
  /** The public halves of every key of which tokens may be about (RFC 7517). */
  published(): { keys: JWK[] };
  /** Reads the keys now. */
  read(): Promise<void>;
  stop(): void;
}

/** Makes a compact JWS. */
type Sign = (typ: string, claims: object) => string;

interface Known {
  signers: Map<SigningAlgorithm, Sign>;
  jwks: { keys: JWK[] };
  readAt: number;
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** `typ` of an ID token (RFC 7519, section 5.1). */
export const ID_TOKEN_TYPE = 'JWT';
const LOGOUT_TOKEN_TYPE = 'logout+jwt';

/** Context under which a private key is sealed: a sealed key moved to another row does not open. */
export const sealingContext = (kid: string) => `identity signing key ${kid}`;

/**
 * Keeps the keys in memory, read by the clock and never by a request: a request that signs holds a connection, and
 * would wait for a second one while all are held by requests like it.
 */
export function signingKeys(knex: Knex, box: SecretBox, log: Log): SigningKeys {
  let known: Known | undefined;

  async function read(): Promise<void> {
    const [signing, published] = await Promise.all([currentKeys(knex), publishedKeys(knex)]);
    if (signing.length < SIGNING_ALGORITHMS.length) throw new Error('There is no signing key');
    known = {
      signers: new Map(signing.map(row => [row.alg, signer(row, box)])),
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
    sign: claims => current().signers.get(accessTokenAlgorithm)!(accessTokenType, claims),
    signIdToken: (claims, alg) => current().signers.get(alg)!(ID_TOKEN_TYPE, claims),
    signLogoutToken: (claims, alg) => current().signers.get(alg)!(LOGOUT_TOKEN_TYPE, claims),
    published: () => current().jwks,
    read,
    stop: () => clearInterval(reading),
  };
}

/** Signs by one key. */
function signer({ kid, alg, private_jwk_sealed }: SigningKeyRow, box: SecretBox): Sign {
  const jwk = JSON.parse(box.open(private_jwk_sealed, sealingContext(kid)));
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const headers = new Map(
    [accessTokenType, ID_TOKEN_TYPE, LOGOUT_TOKEN_TYPE].map(
      typ => [typ, encoded({ alg, typ, kid })] as const,
    ),
  );
  return (typ, claims) => {
    const content = `${headers.get(typ)}.${encoded(claims)}`;
    const made = sign('sha256', Buffer.from(content), key);
    const signature = alg === 'ES256' ? jwsSignature(made) : made;
    return `${content}.${signature.toString('base64url')}`;
  };
}
