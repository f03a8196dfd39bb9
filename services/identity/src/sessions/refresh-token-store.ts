import type { Knex } from 'knex';
import { endsAt, organizationLimit } from './session-limits.ts';
import { OF_A_TOKEN, type Session } from './session-store.ts';

/** What became of a refresh token that was presented. */
export type Rotation =
  | { state: 'rotated'; session: Session }
  /** Used before: whoever presents it now may have stolen it. */
  | { state: 'reused'; sessionId: number; userId: number }
  /** It, or its session, is older than the organization allows, so the session cannot go on. */
  | { state: 'overdue'; sessionId: number; userId: number }
  /** Unknown, or its session has ended. */
  | { state: 'invalid' };

/**
 * Spends a refresh token and puts the next one in its place, in one round trip. Of two requests with the same token
 * one rotates; the other waits for it and is a reuse.
 */
export async function rotateRefreshToken(
  db: Knex,
  presentedHash: string,
  nextHash: string,
): Promise<Rotation> {
  const { rows } = await db.raw(
    `with spent as (
       update refresh_tokens set used_at = now() where token_hash = :presented and used_at is null
       returning session_id, created_at
     ), live as (
       update sessions set last_activity_at = now()
       from spent, users
       where sessions.id = spent.session_id and users.id = sessions.user_id
         and sessions.revoked_at is null and ${endsAt()} > now() and users.disabled_at is null
         and coalesce(
           spent.created_at + ${organizationLimit('refresh_token_seconds')} * interval '1 second' > now(), true)
       returning ${OF_A_TOKEN}
     ), minted as (
       insert into refresh_tokens (token_hash, session_id) select :next, id from live
     )
     select spent.session_id as spent_session_id, live.*
     from (select) as one left join spent on true left join live on true`,
    { presented: presentedHash, next: nextHash },
  );
  const { spent_session_id: spentSessionId, ...session } = rows[0];
  if (session.id !== null) return { state: 'rotated', session };
  if (spentSessionId !== null) return whyInvalid(db, spentSessionId);
  const used = await db('refresh_tokens')
    .join('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .where({ token_hash: presentedHash })
    .first('session_id', 'user_id');
  return used ? { state: 'reused', sessionId: used.session_id, userId: used.user_id } : { state: 'invalid' };
}

/** An unused token was refused: its session has ended, its user is suspended, or the organization ends it. */
async function whyInvalid(db: Knex, sessionId: number): Promise<Rotation> {
  const kept = await db('sessions')
    .join('users', 'users.id', 'sessions.user_id')
    .where({ 'sessions.id': sessionId, revoked_at: null, disabled_at: null })
    .where('expires_at', '>', db.fn.now())
    .first('user_id');
  return kept ? { state: 'overdue', sessionId, userId: kept.user_id } : { state: 'invalid' };
}

/** Forgets the tokens of sessions that have expired: they answer the same without a row. */
export async function dropTokensOfExpiredSessions(db: Knex): Promise<void> {
  await db('refresh_tokens')
    .whereIn(
      'session_id',
      db('sessions').select('id').where('expires_at', '<', db.raw("now() - interval '1 day'")),
    )
    .delete();
}

/**
 * Waits for whoever is trading in a refresh token of the session, in their order: first the token, then the session. What they
 * got in its place is there for replaceRefreshToken.
 */
export async function holdRefreshTokens(db: Knex.Transaction, sessionId: number): Promise<void> {
  await db('refresh_tokens')
    .where({ session_id: sessionId })
    .whereNull('used_at')
    .forUpdate()
    .select('token_hash');
}

/** Gives a session another refresh token; the unused one before it is forgotten, so trying it is no reuse. */
export async function replaceRefreshToken(db: Knex, sessionId: number, nextHash: string): Promise<void> {
  await db('refresh_tokens').where({ session_id: sessionId }).whereNull('used_at').delete();
  await db('refresh_tokens').insert({ token_hash: nextHash, session_id: sessionId });
}
