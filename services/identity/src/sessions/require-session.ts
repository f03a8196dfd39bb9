import type { Principal } from '@rivergate/caller';
import { error, Forbidden, Unauthorized } from '@rivergate/endpoint';

/** The token's user is gone or suspended. */
export const CallerNotFound = error('USER_NOT_FOUND', 401, 'The user of this token is gone or suspended');

/** The signed-in user. @throws Unauthorized */
export function signedIn(caller: Principal): number {
  if (caller.userId === null) throw Unauthorized();
  return caller.userId;
}

/**
 * The session of a person: personal access tokens and OAuth clients do not reach what needs it.
 *
 * @throws Forbidden
 */
export function requireSession(caller: Principal): { userId: number; sessionId: number } {
  const userId = signedIn(caller);
  if (caller.sessionId === null || caller.clientId !== null) {
    throw Forbidden('This takes the access token of a session');
  }
  return { userId, sessionId: caller.sessionId };
}
