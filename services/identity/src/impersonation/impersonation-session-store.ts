import type { Knex } from 'knex';
import { endsAt } from '../sessions/session-limits.ts';
import { OF_A_TOKEN, type Session } from '../sessions/session-store.ts';

/**
 * Keeps an administrator's session as it is until the transaction ends. Sessions are locked before impersonations,
 * everywhere.
 *
 * @returns until when it can last; undefined when it has ended
 */
export async function lockOwnSession(
  db: Knex.Transaction,
  { id, user_id }: { id: number; user_id: number },
): Promise<Date | undefined> {
  const session = db('sessions')
    .where({ id, user_id })
    .whereNull('revoked_at')
    .whereRaw(`${endsAt()} > now()`);
  return (await session.forShare().first(db.raw(`${endsAt()} as ends_at`)))?.ends_at;
}

/**
 * Opens the session of an impersonation, without a refresh token and in its organization for good.
 *
 * @returns undefined where the account is suspended, or has become one of the platform's administrators
 */
export async function openImpersonationSession(
  db: Knex,
  opened: {
    id: number;
    administratorSessionId: number;
    until: Date;
    ip: string | null;
    userAgent: string | null;
  },
): Promise<Session | undefined> {
  const { rows } = await db.raw(
    `with opened as (
       insert into sessions (user_id, organization_id, impersonator_id, authentication_methods, remember_me, ip_address,
         user_agent, expires_at)
       select i.user_id, i.organization_id, i.administrator_id, '{}', false, cast(:ip as text), cast(:userAgent as text),
         least(i.ends_at, cast(:until as timestamptz))
       from impersonations i join users on users.id = i.user_id
       where i.id = :id and users.disabled_at is null and not users.is_system_admin
       returning ${OF_A_TOKEN}
     ), noted as (
       update impersonations i set started_at = now(), session_id = opened.id, administrator_session_id = :administratorSessionId
       from opened where i.id = :id
     )
     select * from opened`,
    { ...opened },
  );
  return rows[0];
}

/** The session of one that goes on. */
export async function impersonationSession(db: Knex, sessionId: number): Promise<Session | undefined> {
  return await db('sessions')
    .where({ id: sessionId })
    .whereNull('revoked_at')
    .whereRaw(`${endsAt()} > now()`)
    .first(db.raw(OF_A_TOKEN));
}
