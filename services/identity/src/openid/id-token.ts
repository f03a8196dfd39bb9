import { createHash } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../keys/signing-key-store.ts';
import { ID_TOKEN_TYPE, type SigningKeys } from '../keys/signing-keys.ts';
import type { Grant } from '../oauth/grant-store.ts';
import type { IdentityClaims } from './identity-claims.ts';

/** What an ID token tells of a grant, beside who has it. */
export type Authenticated = Pick<
  Grant,
  'user_id' | 'session_id' | 'authenticated_at' | 'authentication_methods' | 'nonce' | 'acr'
>;

interface IdTokenFacts {
  issuer: string;
  client: { client_id: string; id_token_signed_response_alg: SigningAlgorithm };
  grant: Authenticated;
  /** Issued beside it. */
  accessToken: string;
  /** Seconds since 1970 */
  issuedAt: number;
  /** Seconds since 1970 */
  expiresAt: number;
  /** About the person, as far as they were asked for. */
  more: IdentityClaims;
}

/** Who signed in, when and how (OpenID Connect Core 1.0, sections 2 and 3.1.3.6). */
export function idToken(keys: SigningKeys, facts: IdTokenFacts): string {
  const { issuer, client, grant, accessToken, issuedAt, expiresAt, more } = facts;
  const { client_id, id_token_signed_response_alg: alg } = client;
  const { nonce, acr, session_id } = grant;
  return keys.signIdToken(
    {
      ...more,
      iss: issuer,
      sub: String(grant.user_id),
      aud: client_id,
      azp: client_id,
      iat: issuedAt,
      exp: expiresAt,
      auth_time: Math.floor(grant.authenticated_at.getTime() / 1_000),
      amr: grant.authentication_methods,
      ...(acr === null ? {} : { acr }),
      ...(nonce === null ? {} : { nonce }),
      ...(session_id === null ? {} : { sid: String(session_id) }),
      at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
    },
    alg,
  );
}

/** What an ID token says that is brought back as a hint. */
export interface Hint {
  sub: string;
  /** The client that it was issued to. */
  aud: string;
  sid: string | undefined;
}

/**
 * An ID token that was issued here, expired or not (RP-Initiated Logout 1.0, section 4).
 *
 * @returns undefined for anything else, and for one whose key is no longer published
 */
export async function verifiedHint(
  token: string,
  { issuer, keys }: { issuer: string; keys: SigningKeys },
): Promise<Hint | undefined> {
  const demands = {
    issuer,
    typ: ID_TOKEN_TYPE,
    algorithms: [...SIGNING_ALGORITHMS],
    requiredClaims: ['sub', 'aud', 'auth_time'],
    // Long before any of them expires.
    currentDate: new Date(0),
  };
  const verified = await jwtVerify(token, createLocalJWKSet(keys.published()), demands).catch(
    () => undefined,
  );
  const { sub, aud, sid } = verified?.payload ?? {};
  if (typeof sub !== 'string' || typeof aud !== 'string') return undefined;
  return { sub, aud, sid: typeof sid === 'string' ? sid : undefined };
}
