import type { RedisClient } from '@rivergate/redis';
import { ACCESS } from './access-keys.ts';
import { changeLogin, keepLogin, putLogin } from './kept-login.ts';
import type { Scope } from './scope.ts';
import { withdraw } from './withdrawal.ts';

/**
 * Kinds of token that stand in place of a session. One that is opaque begins with its kind and an underscore; an access
 * token of an OAuth client is a JWT with `client_id`. `scim` is for provisioning alone, and stands for an organization.
 */
export type TokenKind = 'pat' | 'oauth' | 'scim';

/** What is known of a token that stands in place of a session, and may change. */
export type TokenFacts = {
  id: number;
  /** The organization that it acts in where the request names none. */
  organizationId: number | null;
  /** Whether it acts in that organization only. */
  bound: boolean;
  scopes: readonly Scope[];
  /** OAuth client that it was issued to. */
  clientId: string | null;
  /** Of the key that its holder proves to have with each request (RFC 7638); null where it needs none. */
  keyThumbprint: string | null;
  /** Networks from which it may be used, as 192.0.2.0/24; from everywhere where there are none. */
  networks?: readonly string[];
  /** Whose identity provider opened the session in which it was made; null where none did. */
  ssoOrganizationId: number | null;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
};

/** A token as Redis knows it. For an unknown one its owner is asked; `seen` is what stands in its place. */
export type TokenState =
  | { state: 'active'; userId: number | null; isSystemAdmin: false; token: TokenFacts }
  | { state: 'revoked' }
  | { state: 'unknown'; seen: string };

/** Seconds for which what the owner said is kept. The owner takes a question for use, which it notes once a minute. */
const KNOWN_SECONDS = 55;
/** Outlasts every answer that is on its way, and spares the owner those who go on sending a token that has ended. */
const REVOKED_SECONDS = 3700;

/** @param hash SHA-256 of the token in hex; nothing else of it is ever written */
export const tokenKey = (hash: string) => `${ACCESS}${subject(hash)}`;

const subject = (hash: string) => `{token:${hash}}`;

export function tokenStateOf(text: string): TokenState {
  if (text === 'revoked') return { state: 'revoked' };
  if (!text.startsWith('{')) return { state: 'unknown', seen: text };
  const kept = JSON.parse(text) as { userId: number | null; token: TokenFacts };
  return { state: 'active', ...kept, isSystemAdmin: false };
}

/**
 * Keeps what the owner said of a token, unless something else stands there now than when the question was asked: it was
 * revoked or changed meanwhile, and what was said may be out of date.
 *
 * @param seen of the unknown state that led to the question
 */
export async function fillToken(
  redis: RedisClient,
  hash: string,
  seen: string,
  said: Exclude<TokenState, { state: 'unknown' }>,
): Promise<void> {
  if (said.state === 'revoked') return putLogin(redis, tokenKey(hash), 'revoked', REVOKED_SECONDS);
  const { userId, token } = said;
  await keepLogin(redis, tokenKey(hash), seen, JSON.stringify({ userId, token }), KNOWN_SECONDS);
}

/** The token answers 401 once this has resolved, on every gateway. */
export function revokeToken(redis: RedisClient, hash: string): Promise<void> {
  return withdraw(redis, subject(hash), () => putLogin(redis, tokenKey(hash), 'revoked', REVOKED_SECONDS));
}

/** What is known of the token no longer counts: the next request asks its owner, on every gateway. */
export function forgetToken(redis: RedisClient, hash: string): Promise<void> {
  return withdraw(redis, subject(hash), () => changeLogin(redis, tokenKey(hash)));
}
