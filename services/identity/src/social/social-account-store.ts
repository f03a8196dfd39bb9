import type { Knex } from 'knex';
import type { SocialProfile } from './providers/provider.ts';

/** An account elsewhere, as its user sees it. */
export interface SocialAccountRow {
  provider: string;
  connected_at: Date;
  last_used_at: Date;
  email: string | null;
  display_name: string | null;
}

/** The latest one first. */
export function socialAccountsOf(db: Knex, userId: number): Promise<SocialAccountRow[]> {
  return db('social_accounts')
    .where({ user_id: userId })
    .select('provider', 'connected_at', 'last_used_at', 'email', 'display_name')
    .orderBy('connected_at', 'desc')
    .orderBy('id', 'desc');
}

/** Serialises the logins of one account elsewhere; released with the transaction. */
export async function lockSubject(db: Knex.Transaction, provider: string, subject: string): Promise<void> {
  await db.raw("select pg_advisory_xact_lock(hashtextextended('social ' || ? || ' ' || ?, 0))", [
    provider,
    subject,
  ]);
}

export async function userOfSubject(
  db: Knex,
  provider: string,
  subject: string,
): Promise<number | undefined> {
  const row = await db('social_accounts').where({ provider, subject }).first('user_id');
  return row?.user_id;
}

/**
 * Connects the account elsewhere, in place of another one at that provider, or notes that it was used.
 *
 * @returns the session in which it was connected, where it was before and that is known
 */
export async function connect(
  db: Knex,
  userId: number,
  provider: string,
  { subject, email, displayName }: SocialProfile,
): Promise<{ session_id: number | null }> {
  const told = { subject, email, display_name: displayName, last_used_at: db.fn.now() };
  const [connected] = await db('social_accounts')
    .insert({ user_id: userId, provider, ...told })
    .onConflict(['user_id', 'provider'])
    .merge({
      ...told,
      connected_at: db.raw(
        'case when social_accounts.subject = excluded.subject then social_accounts.connected_at else now() end',
      ),
      session_id: db.raw(
        'case when social_accounts.subject = excluded.subject then social_accounts.session_id end',
      ),
    })
    .returning('session_id');
  return connected;
}

/** Notes in which session an account elsewhere was connected. */
export async function noteConnectedIn(
  db: Knex,
  userId: number,
  provider: string,
  sessionId: number,
): Promise<void> {
  await db('social_accounts').where({ user_id: userId, provider }).update({ session_id: sessionId });
}

/** Disconnects those that were connected in sessions. @returns their providers */
export async function disconnectMadeIn(
  db: Knex,
  userId: number,
  sessionIds: readonly number[],
): Promise<string[]> {
  const gone = await db('social_accounts')
    .where({ user_id: userId })
    .whereIn('session_id', sessionIds)
    .delete()
    .returning('provider');
  return gone.map(({ provider }) => provider);
}
