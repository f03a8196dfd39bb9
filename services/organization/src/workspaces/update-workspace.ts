import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Name } from '../names/name.ts';
import { changeWorkspace } from './change-workspace.ts';
import { WorkspaceAlreadyExists, WorkspaceNotFound } from './errors.ts';
import { organizationOfWorkspace, workspaceInPath } from './organization-of-workspace.ts';
import { WorkspaceSettingsChange } from './workspace-settings.ts';

export const updateWorkspace = endpoint(
  {
    ...workspaceInPath,
    operation: 'updateWorkspace',
    method: 'put',
    path: '/workspaces/:workspace_id',
    summary: 'Change name and settings of a workspace',
    description: 'Both change together or not at all. A rename keeps the slug.',
    caller: 'perm:workspace.write',
    workspace: 'params.workspace_id',
    body: z
      .object({ name: Name.optional(), settings: WorkspaceSettingsChange.optional() })
      .refine(body => body.name !== undefined || body.settings !== undefined, {
        error: 'needs name or settings',
        params: { code: 'required' },
      })
      .meta({
        description: 'At least one of name and settings; one left out keeps its value',
        examples: [{ name: 'Laboratory', settings: { allow_public_access: false } }],
      }),
    answer: z.object({ workspace: z.object({ id: Id, name: z.string(), updated_at: Timestamp }) }),
    message: 'Workspace updated successfully',
    messageInData: true,
    errors: [WorkspaceNotFound, WorkspaceAlreadyExists],
  },
  {
    organization: organizationOfWorkspace,
    async handle({ params, body: { name, settings = {} }, caller, db, emit }) {
      const change = { name, settings };
      const { workspace } = await changeWorkspace({ db, emit }, caller, params.workspace_id, change);
      return {
        workspace: { id: workspace.id, name: workspace.name, updated_at: workspace.updated_at },
      };
    },
  },
);
