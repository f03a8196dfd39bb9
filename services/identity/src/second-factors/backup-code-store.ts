import { backupCode, type SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';

const IN_A_SET = 10;
const context = (userId: number) => `backup code of user ${userId}`;

export function newBackupCodes(): string[] {
  return Array.from({ length: IN_A_SET }, backupCode);
}

/** As they are shown for keeping: `XXXX-XXXX`. */
export const dashed = (codes: readonly string[]) => codes.map(code => `${code.slice(0, 4)}-${code.slice(4)}`);

/** The one set of a user, in place of any before it. */
export async function replaceBackupCodes(
  db: Knex,
  box: SecretBox,
  { userId, sessionId }: { userId: number; sessionId: number },
  codes: readonly string[],
): Promise<void> {
  await dropBackupCodes(db, userId);
  await db('backup_codes').insert(
    codes.map(code => ({
      user_id: userId,
      session_id: sessionId,
      code_hash: box.codeHash(code, context(userId)),
    })),
  );
}

/** Spends a code, however it is written. @returns how many are left; undefined for one that is wrong or was used */
export async function spendBackupCode(
  db: Knex,
  box: SecretBox,
  userId: number,
  given: string,
): Promise<{ left: number; session_id: number | null } | undefined> {
  const code = given.replaceAll('-', '').toUpperCase();
  const [spent] = await db('backup_codes')
    .where({ user_id: userId, code_hash: box.codeHash(code, context(userId)), used_at: null })
    .update({ used_at: db.fn.now() })
    .returning('session_id');
  return spent && { session_id: spent.session_id, left: (await backupCodesOf(db, userId)).left };
}

/** How many codes are good, and when the set was made; null where there is none. */
export async function backupCodesOf(
  db: Knex,
  userId: number,
): Promise<{ left: number; createdAt: Date | null }> {
  const row = await db('backup_codes')
    .where({ user_id: userId })
    .first(
      db.raw('count(*) filter (where used_at is null) as left'),
      db.raw('max(created_at) as created_at'),
    );
  return { left: Number(row.left), createdAt: row.created_at };
}

/** Drops the set if it was made in one of the sessions. @returns whether it was */
export async function dropCodesMadeIn(
  db: Knex,
  userId: number,
  sessionIds: readonly number[],
): Promise<boolean> {
  const dropped = await db('backup_codes')
    .where({ user_id: userId })
    .whereIn('session_id', sessionIds)
    .delete();
  return dropped > 0;
}

export async function dropBackupCodes(db: Knex, userId: number): Promise<void> {
  await db('backup_codes').where({ user_id: userId }).delete();
}
