import { acrossOrganizations, Id } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { WorkspaceNotFound } from './errors.ts';

/** What endpoints declare that are about a workspace, in whichever organization of the caller it lies. */
export const workspaceInPath = {
  activeOrganization: true,
  clients: true,
  params: z.object({ workspace_id: Id }),
  denials: { stranger: WorkspaceNotFound },
} as const;

/**
 * Finds the organization of the workspace in the path. One that is not there is not told from one of others.
 *
 * @throws WorkspaceNotFound
 */
export async function organizationOfWorkspace({
  params,
  db,
}: {
  params: { workspace_id: number };
  db: Knex.Transaction;
}): Promise<number> {
  await acrossOrganizations(db);
  const row = await db('workspaces').where({ id: params.workspace_id }).first('organization_id');
  if (!row) throw WorkspaceNotFound();
  return row.organization_id;
}
