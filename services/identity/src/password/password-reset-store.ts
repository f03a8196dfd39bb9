import type { Knex } from 'knex';

const RESET_SECONDS = 3_600;

/** What somebody asked for an address, as the answer to it left it. */
export interface ResetRequest {
  id: number;
  email: string;
  ip_address: string | null;
  user_agent: string | null;
  request_id: string | null;
}

export async function noteResetRequest(db: Knex, request: Omit<ResetRequest, 'id'>): Promise<void> {
  await db('password_reset_requests').insert({ ...request });
}

/** The oldest request that no other process is at; locked until the transaction ends. */
export function nextResetRequest(db: Knex.Transaction): Promise<ResetRequest | undefined> {
  return db('password_reset_requests').orderBy('id').forUpdate().skipLocked().first();
}

export async function dropResetRequest(db: Knex, id: number): Promise<void> {
  await db('password_reset_requests').where({ id }).delete();
}

/** Stores the one reset token of a user; earlier ones become invalid. */
export async function replaceResetToken(db: Knex, userId: number, tokenHash: string): Promise<void> {
  await clearResetTokens(db, userId);
  await db('password_resets').insert({
    token_hash: tokenHash,
    user_id: userId,
    expires_at: db.raw("now() + ? * interval '1 second'", [RESET_SECONDS]),
  });
}

/** Whose token it is, if it is still good. */
export async function resetTokenOwner(db: Knex, tokenHash: string): Promise<number | undefined> {
  const row = await db('password_resets')
    .where({ token_hash: tokenHash })
    .where('expires_at', '>', db.fn.now())
    .first('user_id');
  return row?.user_id;
}

/** Spends a token. Of two requests with the same one, one gets the user. */
export async function spendResetToken(db: Knex, tokenHash: string): Promise<number | undefined> {
  const [row] = await db('password_resets')
    .where({ token_hash: tokenHash })
    .where('expires_at', '>', db.fn.now())
    .delete()
    .returning('user_id');
  return row?.user_id;
}

export async function clearResetTokens(db: Knex, userId: number): Promise<void> {
  await db('password_resets').where({ user_id: userId }).delete();
}

export async function dropExpiredResets(db: Knex): Promise<void> {
  await db('password_resets').where('expires_at', '<', db.fn.now()).delete();
}
