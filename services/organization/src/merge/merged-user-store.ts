import type { Knex } from 'knex';

/** Whether the duplicate was merged into the user, and has not come back. */
export async function isMerged(
  db: Knex.Transaction,
  organizationId: number,
  { duplicate, userId }: { duplicate: number; userId: number },
): Promise<boolean> {
  const merged = await db('merged_users as d')
    .where({ 'd.organization_id': organizationId, merged_user_id: duplicate, 'd.user_id': userId })
    .whereNotExists(
      db('memberships as m').where({ 'm.organization_id': organizationId, 'm.user_id': duplicate }),
    )
    .first('d.user_id');
  return merged !== undefined;
}

/** The duplicate's history is the user's from now on, with those of duplicates that were merged into it before. */
export async function noteMerged(
  db: Knex.Transaction,
  organizationId: number,
  { duplicate, userId }: { duplicate: number; userId: number },
): Promise<void> {
  const merged = db('merged_users').where({ organization_id: organizationId });
  await merged.clone().where({ user_id: duplicate }).update({ user_id: userId });
  await db('merged_users')
    .insert({ organization_id: organizationId, merged_user_id: duplicate, user_id: userId })
    .onConflict(['organization_id', 'merged_user_id'])
    .merge({ user_id: userId, merged_at: db.fn.now() });
  // Two that were merged into each other, one after the other.
  await merged.clone().where({ merged_user_id: userId }).delete();
}

/** Duplicates whose history is the user's, each up to when it was merged. */
export async function duplicatesOf(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<{ merged_user_id: number; merged_at: Date }[]> {
  return await db('merged_users')
    .where({ organization_id: organizationId, user_id: userId })
    .select('merged_user_id', 'merged_at');
}
