import type { Knex } from 'knex';
import { endsAt, organizationLimit } from '../sessions/session-limits.ts';
import { OF_A_TOKEN, type Session } from '../sessions/session-store.ts';

/** A session that is kept in a browser, with what a page shows of its user. */
export interface KeptSession extends Session {
  email: string;
  display_name: string;
}

/**
 * Keeps an active session under a secret, in place of an earlier one.
 *
 * @param refreshTokenHash of an unused refresh token of the session
 * @returns whether both are good
 */
export async function keepSession(
  db: Knex,
  { sessionId, refreshTokenHash }: { sessionId: number; refreshTokenHash: string },
  secretHash: string,
): Promise<boolean> {
  const { rows } = await db.raw(
    `insert into browser_sessions (session_id, secret_hash)
     select sessions.id, :secretHash
     from sessions join refresh_tokens on refresh_tokens.session_id = sessions.id
     where sessions.id = :sessionId and token_hash = :refreshTokenHash and used_at is null
       and revoked_at is null and ${endsAt()} > now()
     on conflict (session_id) do update set secret_hash = excluded.secret_hash, created_at = now()
     returning session_id`,
    { sessionId, refreshTokenHash, secretHash },
  );
  return rows.length === 1;
}

/**
 * The active session that is kept under a secret, of a user who may sign in. Where its organization limits the age of
 * refresh tokens, the secret gets no older. Counts as activity.
 */
export async function keptSession(db: Knex, secretHash: string): Promise<KeptSession | undefined> {
  const { rows } = await db.raw(
    `with kept as (
       select ${OF_A_TOKEN}, email, display_name
       from browser_sessions
         join sessions on sessions.id = browser_sessions.session_id
         join users on users.id = sessions.user_id
         join email_addresses on email_addresses.user_id = users.id and is_primary
       where secret_hash = :secretHash
         and sessions.revoked_at is null and ${endsAt()} > now() and users.disabled_at is null
         and coalesce(browser_sessions.created_at
           + ${organizationLimit('refresh_token_seconds')} * interval '1 second' > now(), true)
     ), touched as (
       update sessions set last_activity_at = now()
       from kept where sessions.id = kept.id and last_activity_at < now() - interval '20 seconds'
     )
     select * from kept`,
    { secretHash },
  );
  return rows[0];
}

/** Forgets a secret. @returns the session that was kept under it */
export async function forgetSecret(
  db: Knex,
  secretHash: string,
): Promise<{ sessionId: number; userId: number } | undefined> {
  const { rows } = await db.raw(
    `delete from browser_sessions using sessions
     where secret_hash = :secretHash and sessions.id = session_id
     returning session_id, user_id`,
    { secretHash },
  );
  return rows[0] && { sessionId: rows[0].session_id, userId: rows[0].user_id };
}

/** Forgets the secrets of sessions that cannot go on. */
export async function dropSecretsOfEndedSessions(db: Knex): Promise<void> {
  const ended = db('sessions')
    .select('id')
    .whereNotNull('revoked_at')
    .orWhere('expires_at', '<', db.fn.now());
  await db('browser_sessions').whereIn('session_id', ended).delete();
}
