import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Name } from '../names/name.ts';
import { changeWorkspace } from './change-workspace.ts';
import { WorkspaceAlreadyExists, WorkspaceNotFound } from './errors.ts';
import { Workspace } from './workspace.ts';

export const updateOrganizationWorkspace = endpoint(
  {
    operation: 'updateOrganizationWorkspace',
    method: 'patch',
    path: '/organizations/:org_id/workspaces/:workspace_id',
    summary: 'Rename a workspace, or make it the default one',
    description:
      'Fields left out keep their value. A rename keeps the slug; the default one before stays as another.',
    caller: 'perm:workspace.write',
    clients: true,
    workspace: 'params.workspace_id',
    params: z.object({ org_id: Id, workspace_id: Id }),
    body: z
      .object({
        name: Name.optional(),
        is_default: z.literal(true).optional().meta({
          description: 'Another workspace has to become the default one for this one to stop being it',
        }),
      })
      .meta({ examples: [{ name: 'Laboratory' }] }),
    answer: z.object({ workspace: Workspace.extend({ updated_at: Timestamp }) }),
    message: 'Workspace updated successfully',
    messageInData: true,
    errors: [WorkspaceNotFound, WorkspaceAlreadyExists],
  },
  async ({ params: { workspace_id }, body, caller, db, emit }) => {
    const { workspace } = await changeWorkspace({ db, emit }, caller, workspace_id, body);
    const { id, name, slug, organization_id, is_default, updated_at } = workspace;
    return { workspace: { id, name, slug, organization_id, is_default, updated_at } };
  },
);
