import type { Principal } from '@rivergate/caller';
import { error, Forbidden } from '@rivergate/endpoint';

/** The token's user is gone or suspended. */
export const CallerNotFound = error('USER_NOT_FOUND', 401, 'The user of this token is gone or suspended');

/**
 * The session of a person: personal access tokens and OAuth clients do not reach what needs it.
 *
 * @throws Forbidden
 */
export function requireSession(caller: Principal & { userId: number }): {
  userId: number;
  sessionId: number;
} {
  if (caller.sessionId === null || caller.clientId !== null) {
    throw Forbidden('This takes the access token of a session');
  }
  return { userId: caller.userId, sessionId: caller.sessionId };
}
