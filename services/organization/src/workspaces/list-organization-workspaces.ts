import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Workspace } from './workspace.ts';
import { workspacesInOrder, workspacesSeenBy } from './workspace-store.ts';

const workspaces = organizationList('workspaces', Workspace.omit({ organization_id: true }));

export const listOrganizationWorkspaces = endpoint(
  {
    operation: 'listOrganizationWorkspaces',
    method: 'get',
    path: '/organizations/:org_id/workspaces',
    summary: 'List the workspaces of an organization that the caller sees',
    description:
      'All of them for administrators and holders of workspace.read; for others those in which they are members or hold ' +
      'it, and those open to every member. The default one first, then in order of name.',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id }),
    query: workspaces.query,
    answer: workspaces.answer,
    message: 'Workspaces retrieved successfully',
    messageInData: true,
  },
  async ({ params, query, caller, db }) => {
    await enterOrganization(db, params.org_id);
    return await workspaces.page(workspacesSeenBy(db, caller, params.org_id), query, {
      read: workspacesInOrder,
    });
  },
);
