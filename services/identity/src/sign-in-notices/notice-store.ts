import type { Knex } from 'knex';

/** Seconds for which the link in a notice works. */
export const NOTICE_SECONDS = 7 * 86_400;
/** How many sign-ins of a day a user is told of: whoever has the password must not flood the mailbox. */
const MOST_A_DAY = 10;

/** Notes that the owner is told of a session. @returns whether that may still be, today */
export async function noteNotice(
  db: Knex,
  notice: { token_hash: string; session_id: number; user_id: number },
): Promise<boolean> {
  const { rows } = await db.raw(
    `insert into sign_in_notices (token_hash, session_id, user_id)
     select :token_hash, cast(:session_id as bigint), cast(:user_id as bigint)
     where (select count(*) from sign_in_notices
            where user_id = :user_id and created_at > now() - interval '1 day') < :most
     returning session_id`,
    { ...notice, most: MOST_A_DAY },
  );
  return rows.length > 0;
}

/** Spends the token of a link. Of two requests with the same one, one gets the session. */
export async function spendNotice(
  db: Knex,
  tokenHash: string,
): Promise<{ session_id: number; user_id: number } | undefined> {
  const [row] = await db('sign_in_notices')
    .where({ token_hash: tokenHash })
    .whereRaw("created_at > now() - ? * interval '1 second'", [NOTICE_SECONDS])
    .delete()
    .returning(['session_id', 'user_id']);
  return row;
}

export async function dropOldNotices(db: Knex): Promise<void> {
  await db('sign_in_notices')
    .whereRaw("created_at <= now() - ? * interval '1 second'", [NOTICE_SECONDS])
    .delete();
}
