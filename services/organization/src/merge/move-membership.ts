import type { Principal } from '@rivergate/caller';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { ASSIGNMENT_COLUMNS, type AssignmentRow, giveRoleForLonger } from '../roles/role-assignments.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { enterWorkspace } from '../workspaces/add-workspace-member.ts';

/**
 * Gives a member what another one has in the organization: workspaces, roles, pending invitations that were sent. The
 * caller holds the organization's lock.
 *
 * @throws Forbidden for a role that whoever asks could not hand out, LastAdministrator
 */
export async function moveMembership(
  work: Work,
  caller: Principal & { organizationId: number },
  { duplicate, userId }: { duplicate: number; userId: number },
): Promise<void> {
  const { db } = work;
  const { organizationId } = caller;
  const from = { organization_id: organizationId, user_id: duplicate };
  for (const workspaceId of await workspacesWithout(db, from, userId))
    await enterWorkspace(work, { organizationId, workspaceId, userId });
  const held: AssignmentRow[] = await db('held_roles').where(from).orderBy('id').select(ASSIGNMENT_COLUMNS);
  for (const { role_id, workspace_id: workspaceId, expires_at: expiresAt } of held) {
    const role = await roleOfOrganization(db, organizationId, role_id);
    mayHandOut(caller, role, workspaceId);
    const giving = { organizationId, userId, role, workspaceId, expiresAt, by: caller.userId };
    await giveRoleForLonger(work, giving);
  }
  await db('invitations')
    .where({ organization_id: organizationId, invited_by: duplicate, status: 'pending' })
    .update({ invited_by: userId });
  await db.raw(
    `update memberships m set joined_at = least(m.joined_at, d.joined_at),
       display_name = coalesce(m.display_name, d.display_name), updated_at = now()
     from memberships d where m.organization_id = :organizationId and m.user_id = :userId
       and d.organization_id = m.organization_id and d.user_id = :duplicate`,
    { organizationId, userId, duplicate },
  );
}

async function workspacesWithout(
  db: Knex.Transaction,
  from: { organization_id: number; user_id: number },
  userId: number,
): Promise<number[]> {
  return await db('workspace_members as d')
    .where(from)
    .whereNotExists(
      db('workspace_members as m').whereRaw('m.workspace_id = d.workspace_id').where('m.user_id', userId),
    )
    .orderBy('d.workspace_id')
    .pluck('d.workspace_id');
}
