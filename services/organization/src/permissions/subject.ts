import type { Principal } from '@rivergate/caller';
import { Forbidden, missingPermission } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { membershipOf } from '../members/member-store.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';

/**
 * About whom, and where, a question about permissions is: the caller, or for administrators any member.
 *
 * @throws Forbidden, UserNotFound, WorkspaceNotFound
 */
export async function subjectOf(
  db: Knex.Transaction,
  caller: Principal & { organizationId: number; userId: number },
  asked: { user_id?: number | undefined; workspace_id?: number | undefined },
): Promise<number> {
  const { user_id: userId = caller.userId, workspace_id: workspaceId } = asked;
  if (userId !== caller.userId) {
    if (!caller.isAdmin && !caller.isSystemAdmin) {
      throw Forbidden('Only administrators see what others may do', [
        missingPermission('administrator of the organization'),
      ]);
    }
    await membershipOf(db, caller.organizationId, userId);
  }
  if (workspaceId !== undefined) await workspaceOfOrganization(db, caller.organizationId, workspaceId);
  return userId;
}
