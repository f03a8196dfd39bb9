import type { Knex } from 'knex';
import { reachableWorkspaces } from '../workspaces/reachable-workspaces.ts';

/**
 * The workspace in which a session of the user starts in an organization: the default one, else the first within
 * reach, else none.
 */
export async function startingWorkspace(
  db: Knex.Transaction,
  userId: number,
  organizationId: number,
): Promise<number | null> {
  const row = await reachableWorkspaces(db, userId)
    .where('w.organization_id', organizationId)
    .orderByRaw('w.is_default desc, lower(w.name), w.id')
    .first('w.id');
  return row?.id ?? null;
}
