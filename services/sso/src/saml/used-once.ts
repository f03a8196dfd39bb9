import { createHash } from 'node:crypto';
import { isFirstUse } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';

/** What answers come to. */
export type RequestKind = 'login' | 'logout';

/** Seconds in which a person has signed in at the identity provider, or it has ended their sessions. */
export const REQUEST_LIFETIME = 600;

/** A request that was sent to an identity provider, which is the only one that can answer it. */
export interface SentRequest {
  kind: RequestKind;
  /** Entity ID of the identity provider. */
  issuer: string;
  /** Entity ID of the service provider that sent it. */
  audience: string;
  id: string;
}

/**
 * Remembers a request for ten minutes, and with it what has to be known when the answer comes: who began it, and where it
 * goes on. Before the browser is sent away.
 *
 * @throws when Redis cannot be had
 */
export async function rememberRequest(
  redis: RedisClient,
  request: SentRequest,
  state: string,
): Promise<void> {
  await redis.set(keyOf(request), state, 'EX', REQUEST_LIFETIME);
}

/**
 * What was remembered of a request, the first time only: of answers that come at once, one gets it.
 *
 * @returns null where there is no such request
 * @throws when Redis cannot be had
 */
export const takeRequest = (redis: RedisClient, request: SentRequest): Promise<string | null> =>
  redis.getdel(keyOf(request));

/**
 * Notes that a message of an identity provider was used, an assertion or a request to log out.
 *
 * @param until when it is good for nothing anyway
 * @returns false where it was used before
 * @throws when Redis cannot be had: then nobody can know
 */
export function useMessage(
  redis: RedisClient,
  { issuer, audience, id }: Omit<SentRequest, 'kind'>,
  until: Date,
): Promise<boolean> {
  const seconds = Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1_000));
  return isFirstUse(redis, 'saml-message', JSON.stringify([issuer, audience, id]), seconds);
}

function keyOf({ kind, issuer, audience, id }: SentRequest): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, issuer, audience, id]))
    .digest('base64url');
  return `saml-request:${hash}`;
}
