import type { Knex } from 'knex';
import { Member } from '../members/member.ts';
import type { MemberSearch } from '../members/member-search.ts';
import { firstRole, matchingMembers } from '../members/member-store.ts';

export const WorkspaceMember = Member.pick({
  user_id: true,
  email: true,
  display_name: true,
  status: true,
  role: true,
  joined_at: true,
})
  .extend({ role: Member.shape.role.meta({ description: 'Held there; of several, the first assigned' }) })
  .meta({ id: 'WorkspaceMember' });

/** Members of a workspace without columns and order. Tables: m members, x workspace members. */
export function membersOfWorkspace(
  db: Knex.Transaction,
  organizationId: number,
  workspaceId: number,
  search?: MemberSearch,
): Knex.QueryBuilder {
  return matchingMembers(db, organizationId, {}, search)
    .join('workspace_members as x', { 'x.organization_id': 'm.organization_id', 'x.user_id': 'm.user_id' })
    .where('x.workspace_id', workspaceId);
}

export function workspaceMemberColumns(db: Knex.Transaction) {
  return [
    'm.user_id',
    'm.email',
    'm.display_name',
    'm.status',
    'x.joined_at',
    db.raw(firstRole('a.workspace_id = x.workspace_id')),
  ];
}
