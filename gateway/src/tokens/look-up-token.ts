import { hasExpired, type Login, type LoginState, readAccess, type TokenKind } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import { tokenHash } from '@rivergate/secrets';
import type { Owners } from '@rivergate/service';
import type { Exchange } from '../exchange.ts';
import type { AccessToken } from './access-token.ts';
import type { Guesses } from './guesses.ts';
import { invalidToken } from './verify-access-token.ts';

/** Finds out what a token is that stands in place of a session. */
export type LookUpToken = (kind: TokenKind, token: string, exchange: Exchange) => Promise<AccessToken>;

/**
 * From Redis, else from the owner of its kind; by its hash alone.
 *
 * @throws Unauthorized for a token that is unknown, revoked or expired, RateLimited where the address has guessed too
 *   often for its owner to be asked, UpstreamUnavailable when the owner does not answer
 */
export function tokenLookUp(redis: RedisClient, owners: Owners, guesses: Guesses): LookUpToken {
  const known = async (login: Login): Promise<LoginState | null> => {
    if (redis.status !== 'ready') return null;
    const asked = { ...login, members: [] };
    return (await readAccess(redis, asked).catch(() => null))?.session ?? null;
  };
  return async (kind, token, exchange) => {
    const login = { tokenHash: tokenHash(token), kind };
    let state = await known(login);
    if (state === null || state.state === 'unknown') {
      guesses.refuse(exchange);
      state = await owners.token(login, state?.seen);
    }
    if (state?.state !== 'active' || state.token === undefined || hasExpired(state)) throw invalidToken();
    return {
      userId: state.userId,
      impersonatorId: null,
      login,
      organizationId: state.token.organizationId,
      organizationBound: false,
      authTime: null,
      amr: [],
      secondFactorOmitted: false,
      expiresAt: Number.POSITIVE_INFINITY,
      keyThumbprint: state.token.keyThumbprint,
      keyId: null,
    };
  };
}
