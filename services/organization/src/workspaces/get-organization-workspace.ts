import { Forbidden, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { WorkspaceNotFound } from './errors.ts';
import { Workspace } from './workspace.ts';
import { seenWorkspace } from './workspace-store.ts';

export const getOrganizationWorkspace = endpoint(
  {
    operation: 'getOrganizationWorkspace',
    method: 'get',
    path: '/organizations/:org_id/workspaces/:workspace_id',
    summary: 'Get a workspace',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id, workspace_id: Id }),
    answer: z.object({
      workspace: Workspace,
    }),
    message: 'Workspace retrieved successfully',
    messageInData: true,
    errors: [Forbidden, WorkspaceNotFound],
  },
  async ({ params: { org_id, workspace_id }, caller, db }) => {
    await enterOrganization(db, org_id);
    const { id, name, slug, organization_id, is_default } = await seenWorkspace(
      db,
      caller,
      org_id,
      workspace_id,
    );
    return { workspace: { id, name, slug, organization_id, is_default } };
  },
);
