import { Id, organizationPage } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Workspace } from './workspace.ts';
import { workspacePage, workspacesSeenBy } from './workspace-store.ts';

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
    params: z.object({ org_id: Id }),
    query: z.object(organizationPage),
    answer: z.object({
      workspaces: z.array(Workspace.omit({ organization_id: true })),
      total_count: z.int(),
    }),
    message: 'Workspaces retrieved successfully',
    messageInData: true,
  },
  async ({ params, query, caller, db }) => {
    await enterOrganization(db, params.org_id);
    const { workspaces, total } = await workspacePage(workspacesSeenBy(db, caller, params.org_id), query);
    const shown = workspaces.map(({ id, name, slug, is_default }) => ({ id, name, slug, is_default }));
    return { workspaces: shown, total_count: total };
  },
);
