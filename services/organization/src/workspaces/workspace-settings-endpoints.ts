import { Forbidden } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { changeWorkspace } from './change-workspace.ts';
import { WorkspaceNotFound } from './errors.ts';
import { organizationOfWorkspace, workspaceInPath } from './organization-of-workspace.ts';
import { settingsInForce, sourcesOf } from './settings-in-force.ts';
import { SettingSources, WorkspaceSettings, WorkspaceSettingsChange } from './workspace-settings.ts';
import { seenWorkspace } from './workspace-store.ts';

export const getWorkspaceSettings = endpoint(
  {
    ...workspaceInPath,
    operation: 'getWorkspaceSettings',
    method: 'get',
    path: '/workspaces/:workspace_id/settings',
    summary: 'Settings of a workspace as they hold, each marked as inherited or set',
    caller: 'user',
    answer: z.object({ settings: WorkspaceSettings, sources: SettingSources }),
    message: 'Workspace settings retrieved successfully',
    messageInData: true,
    errors: [Forbidden, WorkspaceNotFound],
  },
  {
    organization: organizationOfWorkspace,
    async handle({ params, caller, db }) {
      const organization = await enterOrganization(db, caller.organizationId);
      const { settings } = await seenWorkspace(db, caller, organization.id, params.workspace_id);
      return { settings: await settingsInForce(db, organization, settings), sources: sourcesOf(settings) };
    },
  },
);

export const updateWorkspaceSettings = endpoint(
  {
    ...workspaceInPath,
    operation: 'updateWorkspaceSettings',
    method: 'put',
    path: '/workspaces/:workspace_id/settings',
    summary: 'Change settings of a workspace; in force from the next request on',
    description:
      'A default role takes the permissions that it holds. Answers the settings as they hold after the change.',
    caller: 'perm:workspace.write',
    workspace: 'params.workspace_id',
    body: z.object({ settings: WorkspaceSettingsChange }),
    answer: z.object({ settings: WorkspaceSettings }),
    message: 'Workspace settings updated successfully',
    messageInData: true,
    errors: [WorkspaceNotFound],
  },
  {
    organization: organizationOfWorkspace,
    async handle({ params, body: { settings }, caller, db, emit }) {
      const change = { settings };
      const changed = await changeWorkspace({ db, emit }, caller, params.workspace_id, change);
      return { settings: await settingsInForce(db, changed.organization, changed.workspace.settings) };
    },
  },
);
