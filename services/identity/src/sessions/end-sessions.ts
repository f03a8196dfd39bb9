import {
  type EventDeclaration,
  impersonationDenied,
  impersonationEnded,
  sessionRevoked,
} from '@rivergate/events';
import type { z } from 'zod';
import { noteLogouts } from '../backchannel-logout/notice-store.ts';
import {
  closeImpersonations,
  type ImpersonationEnd,
  type WhichImpersonations,
} from '../impersonation/ended-impersonation-store.ts';
import { endPendingLogins } from '../login/pending-login-store.ts';
import { endGrantsOfSessions } from '../oauth/grants-of-ended-sessions.ts';
import { type EndedSession, revokeActiveSessions, type WhichSessions } from './session-store.ts';

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
  | 'user_erased'
  | 'member_suspended'
  | 'organization_deleted'
  /** It, or its refresh token, is older than its organization allows. */
  | 'organization_settings'
  | 'account_disabled'
  /** The identity provider that it was opened by has ended its own. */
  | 'sso_login_ended'
  | 'sso_provider_deactivated'
  /** In it an administrator acted in the name of its user. */
  | 'impersonation_ended';

/** The part of a handler's, or a consumer's, `emit` that is needed here. */
type EmitOf<Declaration extends EventDeclaration> = (
  declaration: Declaration,
  fact: { aggregateId: number; organizationId: number | null; data: z.input<Declaration['data']> },
) => Promise<unknown>;
type EndingTools = Parameters<typeof endGrantsOfSessions>[0] & {
  emit: EmitOf<typeof sessionRevoked> &
    EmitOf<typeof impersonationEnded> &
    EmitOf<typeof impersonationDenied>;
};

/** Reasons for which somebody else than the user may have had the session. */
const TAKEN: readonly EndReason[] = ['disowned', 'refresh_token_reused'];

/**
 * Ends sessions: the row makes their refresh tokens invalid, the event their access tokens. What applications were let
 * do in them ends as far as it does not outlive them, and so does what an administrator does in another's name by them. Where it is not one session of a user, logins that wait for a second
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
  for (const session of ended) {
    const { id, user_id } = session;
    await emit(sessionRevoked, {
      aggregateId: id,
      organizationId,
      data: { session_id: id, user_id, reason, ...openedBy(session) },
    });
  }
  await noteLogouts(db, ended);
  const taken = TAKEN.includes(reason);
  await endGrantsOfSessions({ db, emit }, ended, { taken });
  if (ended.length > 0) {
    const sessionIds = ended.map(({ id }) => id);
    await endImpersonations({ db, emit }, { sessionIds, taken }, 'session_ended');
  }
  return ended.length;
}

function openedBy({ sso_organization_id, sso_provider_id, sso_login_id }: EndedSession) {
  if (sso_organization_id === null || sso_provider_id === null || sso_login_id === null) return {};
  return {
    sso: { organization_id: sso_organization_id, provider_id: sso_provider_id, login_id: sso_login_id },
  };
}

/**
 * Ends impersonations with their sessions, of which each ends with the other.
 *
 * @returns how many had not ended until now
 */
export async function endImpersonations(
  { db, emit }: EndingTools,
  which: WhichImpersonations,
  reason: ImpersonationEnd,
): Promise<number> {
  const ended = await closeImpersonations(db, which, reason);
  for (const {
    id,
    organization_id: organizationId,
    user_id,
    administrator_id,
    session_id: sessionId,
  } of ended) {
    const data = { impersonation_id: id, user_id, administrator_id };
    const fact = { aggregateId: id, organizationId };
    if (reason === 'denied') await emit(impersonationDenied, { ...fact, data });
    else await emit(impersonationEnded, { ...fact, data: { ...data, reason } });
    if (sessionId !== null)
      await endSessions({ db, emit }, { userId: user_id, sessionId }, 'impersonation_ended', organizationId);
  }
  return ended.length;
}
