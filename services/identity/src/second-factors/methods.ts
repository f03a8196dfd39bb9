import type { Knex } from 'knex';
import type { Method } from './method.ts';

/** The second factors that a user has turned on; TOTP first. */
export async function methodsOf(db: Knex, userId: number): Promise<Method[]> {
  const { rows } = await db.raw(
    `select exists (select from totp_devices where user_id = :user) as totp,
       exists (select from email_factors where user_id = :user) as email_otp`,
    { user: userId },
  );
  return (['totp', 'email_otp'] as const).filter(method => rows[0][method]);
}

export async function turnEmailOn(
  db: Knex,
  { userId, sessionId }: { userId: number; sessionId: number },
): Promise<void> {
  await db('email_factors').insert({ user_id: userId, session_id: sessionId });
}

/** @returns the session in which they were turned on, where they are and that is known */
export async function noteEmailUsed(db: Knex, userId: number): Promise<{ session_id: number | null }> {
  const [used] = await db('email_factors')
    .where({ user_id: userId })
    .update({ last_used_at: db.fn.now() })
    .returning('session_id');
  return used ?? { session_id: null };
}

/** Whether codes by mail were turned on in one of the sessions. */
export async function isEmailOnSince(
  db: Knex,
  userId: number,
  sessionIds: readonly number[],
): Promise<boolean> {
  const found = await db('email_factors')
    .where({ user_id: userId })
    .whereIn('session_id', sessionIds)
    .first('user_id');
  return found !== undefined;
}

/** Forgets what a method knows of a user. */
export async function dropMethod(db: Knex, userId: number, method: Method): Promise<void> {
  await db(method === 'totp' ? 'totp_devices' : 'email_factors')
    .where({ user_id: userId })
    .delete();
}
