import type { Knex } from 'knex';

/** Why an impersonation is over. */
export type ImpersonationEnd =
  | 'denied'
  | 'ended_by_member'
  | 'withdrawn'
  /** Nobody answered. */
  | 'expired'
  | 'time_over'
  /** Its own session, that of the administrator, or, where somebody else may have had it, that of its approval. */
  | 'session_ended'
  /** One of the two is no member any more, or the administrator's rights do not reach any more. */
  | 'right_lost'
  | 'organization_deleted';

export type WhichImpersonations =
  | { id: number; organization_id?: number; user_id?: number; approved_at?: null }
  | { organization_id: number }
  /** Which end with these sessions; `taken`: also what was approved in them. */
  | { sessionIds: readonly number[]; taken: boolean };

export interface EndedImpersonation {
  id: number;
  organization_id: number;
  user_id: number;
  administrator_id: number;
  session_id: number | null;
}

/** Marks impersonations as ended. @returns those that had not */
export async function closeImpersonations(
  db: Knex.Transaction,
  which: WhichImpersonations,
  reason: ImpersonationEnd,
): Promise<EndedImpersonation[]> {
  const those = (query: Knex.QueryBuilder) => {
    query.whereNull('i.ended_at');
    if (!('sessionIds' in which)) {
      for (const [column, value] of Object.entries(which)) query.where(`i.${column}`, value);
      return;
    }
    const places = [
      'session_id',
      'administrator_session_id',
      ...(which.taken ? ['approved_session_id'] : []),
    ];
    query.where(any => {
      for (const place of places) any.orWhereRaw(`i.${place} = any(?)`, [[...which.sessionIds]]);
    });
  };
  const sessions = await db('impersonations as i')
    .join('sessions', 'sessions.id', 'i.session_id')
    .modify(those)
    .orderBy('sessions.id')
    .forUpdate('sessions')
    .select('sessions.id');
  // By their sessions none is found that was not started, but for what somebody else may have approved.
  if (sessions.length === 0 && 'sessionIds' in which && !which.taken) return [];
  return await db('impersonations as i')
    .modify(those)
    .update({ ended_at: db.fn.now(), end_reason: reason })
    .returning(['id', 'organization_id', 'user_id', 'administrator_id', 'session_id']);
}

/** Those of which the time is over, to be answered or to act, with what that means for them. */
export async function overdue(
  db: Knex,
  most: number,
): Promise<{ id: number; reason: 'expired' | 'time_over' }[]> {
  return await db('impersonations')
    .whereNull('ended_at')
    .whereRaw('coalesce(ends_at, expires_at) <= now()')
    .limit(most)
    .select('id', db.raw("case when approved_at is null then 'expired' else 'time_over' end as reason"));
}
