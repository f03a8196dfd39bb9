import type { Knex } from 'knex';

/** Minutes for which a code can be redeemed. */
const CODE_MINUTES = 10;
/** Days for which a merge can follow. */
const PROOF_DAYS = 7;

/** @returns when the code expires; the one before it is worth nothing any more */
export async function insertCode(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
  codeHash: string,
): Promise<Date> {
  const [row] = await db('merge_proofs')
    .insert({
      organization_id: organizationId,
      user_id: userId,
      code_hash: codeHash,
      expires_at: db.raw("now() + ? * interval '1 minute'", [CODE_MINUTES]),
    })
    .onConflict(['organization_id', 'user_id'])
    .merge({ code_hash: codeHash, proven_by: null, expires_at: db.raw('excluded.expires_at') })
    .returning('expires_at');
  return row.expires_at;
}

/** @returns the duplicate that the code is of; undefined for none, and for the user's own */
export async function redeemCode(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
  codeHash: string,
): Promise<number | undefined> {
  const [row] = await db('merge_proofs')
    .where({ organization_id: organizationId, code_hash: codeHash })
    .whereNot({ user_id: userId })
    .where('expires_at', '>', db.fn.now())
    .update({
      code_hash: null,
      proven_by: userId,
      expires_at: db.raw("now() + ? * interval '1 day'", [PROOF_DAYS]),
    })
    .returning('user_id');
  return row?.user_id;
}

/** Uses up what was shown. @returns whether it was */
export async function useProof(
  db: Knex.Transaction,
  organizationId: number,
  { duplicate, userId }: { duplicate: number; userId: number },
): Promise<boolean> {
  const used = await db('merge_proofs')
    .where({ organization_id: organizationId, user_id: duplicate, proven_by: userId })
    .where('expires_at', '>', db.fn.now())
    .delete();
  return used > 0;
}

/** Needs a transaction across organizations. */
export async function dropExpiredProofs(db: Knex.Transaction): Promise<void> {
  await db('merge_proofs').where('expires_at', '<', db.fn.now()).delete();
}
