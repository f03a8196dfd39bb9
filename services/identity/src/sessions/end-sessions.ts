import { sessionRevoked } from '@rivergate/events';
import type { z } from 'zod';
import { noteLogouts } from '../backchannel-logout/notice-store.ts';
import { endPendingLogins } from '../login/pending-login-store.ts';
import { endGrantsOfSessions } from '../oauth/grants-of-ended-sessions.ts';
import { revokeActiveSessions, type WhichSessions } from './session-store.ts';

/** Why a session ended before its time. */
export type EndReason =
  | 'logout'
  | 'logout_all'
  | 'revoked'
  | 'revoked_by_administrator'
  /** Its user says that somebody else opened it. */
  | 'disowned'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'password_reset'
  | 'member_removed'
  | 'member_suspended'
  | 'organization_deleted'
  /** It, or its refresh token, is older than its organization allows. */
  | 'organization_settings';

/** The part of a handler's, or a consumer's, `emit` that is needed here. */
type EmitRevoked = (
  declaration: typeof sessionRevoked,
  fact: {
    aggregateId: number;
    organizationId: number | null;
    data: z.input<(typeof sessionRevoked)['data']>;
  },
) => Promise<unknown>;
type EndingTools = Parameters<typeof endGrantsOfSessions>[0] & { emit: EmitRevoked };

/** Reasons for which somebody else than the user may have had the session. */
const TAKEN: readonly EndReason[] = ['disowned', 'refresh_token_reused'];

/**
 * Ends sessions: the row makes their refresh tokens invalid, the event their access tokens. What applications were let
 * do in them ends as far as it does not outlive them. Where it is not one session of a user, logins that wait for a second
 * factor end with them.
 *
 * @param organizationId whose audit log tells of it; null where it concerns the user alone
 * @returns how many were active until now
 */
export async function endSessions(
  { db, emit }: EndingTools,
  which: WhichSessions,
  reason: EndReason,
  organizationId: number | null = null,
): Promise<number> {
  if ('userId' in which && which.userId !== undefined && which.sessionId === undefined)
    await endPendingLogins(db, which.userId);
  const ended = await revokeActiveSessions(db, which, reason);
  for (const { id, user_id } of ended) {
    await emit(sessionRevoked, {
      aggregateId: id,
      organizationId,
      data: { session_id: id, user_id, reason },
    });
  }
  await noteLogouts(db, ended);
  await endGrantsOfSessions({ db, emit }, ended, { taken: TAKEN.includes(reason) });
  return ended.length;
}
