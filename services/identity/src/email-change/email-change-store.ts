import type { Knex } from 'knex';

/** Request and code live ten minutes. */
const SECONDS = 600;
/** How long an expired request can still be told from one that never was. */
const KEPT_SECONDS = 3_600;

/** The pending request of a user. */
export interface EmailChange {
  new_email: string;
  code_hash: string;
  wrong_tries: number;
  expired: boolean;
}

const later = (db: Knex, seconds: number) => db.raw("now() + ? * interval '1 second'", [seconds]);

/** The request and code before become invalid; wrong tries count from zero. */
export async function replaceEmailChange(
  db: Knex,
  userId: number,
  { newEmail, codeHash }: { newEmail: string; codeHash: string },
): Promise<void> {
  await db('email_changes')
    .insert({
      user_id: userId,
      new_email: newEmail,
      code_hash: codeHash,
      wrong_tries: 0,
      expires_at: later(db, SECONDS),
    })
    .onConflict('user_id')
    .merge();
}

export function emailChangeOf(db: Knex.Transaction, userId: number): Promise<EmailChange | undefined> {
  return db('email_changes')
    .where({ user_id: userId })
    .first('new_email', 'code_hash', 'wrong_tries', db.raw('expires_at <= now() as expired'));
}

export async function countWrongTry(db: Knex, userId: number): Promise<void> {
  await db('email_changes').where({ user_id: userId }).increment('wrong_tries', 1);
}

export async function dropEmailChange(db: Knex, userId: number): Promise<void> {
  await db('email_changes').where({ user_id: userId }).delete();
}

export async function dropOldEmailChanges(knex: Knex): Promise<void> {
  await knex('email_changes').where('expires_at', '<', later(knex, -KEPT_SECONDS)).delete();
}
