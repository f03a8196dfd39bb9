import { Forbidden, Id, organizationList, sorting } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { memberSearch } from '../members/member-search.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { WorkspaceNotFound } from './errors.ts';
import { membersOfWorkspace, WorkspaceMember, workspaceMemberColumns } from './workspace-member.ts';
import { seenWorkspace } from './workspace-store.ts';

const members = organizationList('members', WorkspaceMember, {
  search: z.string().max(255).optional().meta({ description: 'Part of address or display name' }),
  ...sorting(['joined_at', 'email', 'display_name']),
});
const ORDER = { joined_at: 'x.joined_at', email: 'm.email', display_name: 'm.display_name' };

export const listWorkspaceMembers = endpoint(
  {
    operation: 'listWorkspaceMembers',
    method: 'get',
    path: '/organizations/:org_id/workspaces/:workspace_id/members',
    summary: 'List the members of a workspace with the role held there',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id, workspace_id: Id }),
    query: members.query,
    answer: members.answer,
    message: 'Workspace members retrieved successfully',
    messageInData: true,
    errors: [Forbidden, WorkspaceNotFound],
  },
  async ({ params: { org_id, workspace_id }, query, caller, db }) => {
    await enterOrganization(db, org_id);
    const { id } = await seenWorkspace(db, caller, org_id, workspace_id);
    const search = await memberSearch(db, org_id, { search: query.search });
    return members.page(membersOfWorkspace(db, org_id, id, search), query, {
      read: matching =>
        matching.select(workspaceMemberColumns(db)).orderBy([
          { column: ORDER[query.sort_by], order: query.sort_order },
          { column: 'm.user_id', order: query.sort_order },
        ]),
    });
  },
);
