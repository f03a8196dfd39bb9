import { deletion, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { deleteWorkspace } from './delete-workspace-row.ts';
import { DefaultWorkspace, WorkspaceNotFound } from './errors.ts';
import { organizationOfWorkspace, workspaceInPath } from './organization-of-workspace.ts';

const deleted = deletion('workspace');
/** The deletion of a workspace, by whichever path. */
const removal = {
  method: 'delete',
  description:
    'Its members, the roles held there and pending invitations into it end; what other services keep in it goes, too. ' +
    'The default workspace stays until another one is the default.',
  caller: 'perm:workspace.delete',
  clients: true,
  workspace: 'params.workspace_id',
  answer: deleted.answer,
  message: 'Workspace deleted successfully',
  messageInData: true,
  errors: [WorkspaceNotFound, DefaultWorkspace],
} as const;

export const deleteOrganizationWorkspace = endpoint(
  {
    ...removal,
    operation: 'deleteOrganizationWorkspace',
    path: '/organizations/:org_id/workspaces/:workspace_id',
    summary: 'Delete a workspace',
    params: z.object({ org_id: Id, workspace_id: Id }),
  },
  async ({ params: { org_id, workspace_id }, db, emit }) => {
    await deleteWorkspace({ db, emit }, org_id, workspace_id);
    return deleted.of(workspace_id);
  },
);

export const deleteWorkspaceOfCaller = endpoint(
  {
    ...removal,
    ...workspaceInPath,
    operation: 'deleteWorkspace',
    path: '/workspaces/:workspace_id',
    summary: 'Delete a workspace of an organization of the caller',
  },
  {
    organization: organizationOfWorkspace,
    async handle({ params: { workspace_id }, caller, db, emit }) {
      await deleteWorkspace({ db, emit }, caller.organizationId, workspace_id);
      return deleted.of(workspace_id);
    },
  },
);
