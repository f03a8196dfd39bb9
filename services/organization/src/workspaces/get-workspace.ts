import { Forbidden, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { WorkspaceNotFound } from './errors.ts';
import { organizationOfWorkspace, workspaceInPath } from './organization-of-workspace.ts';
import { settingsInForce } from './settings-in-force.ts';
import { Workspace } from './workspace.ts';
import { WorkspaceSettings } from './workspace-settings.ts';
import { seenWorkspace } from './workspace-store.ts';

export const getWorkspace = endpoint(
  {
    ...workspaceInPath,
    operation: 'getWorkspace',
    method: 'get',
    path: '/workspaces/:workspace_id',
    summary: 'Get a workspace of an organization of the caller, with the settings that hold in it',
    caller: 'user',
    answer: z.object({
      workspace: Workspace.extend({
        settings: WorkspaceSettings,
        created_at: Timestamp,
        updated_at: Timestamp,
      }),
    }),
    message: 'Workspace retrieved successfully',
    messageInData: true,
    errors: [Forbidden, WorkspaceNotFound],
  },
  {
    organization: organizationOfWorkspace,
    async handle({ params, caller, db }) {
      const organization = await enterOrganization(db, caller.organizationId);
      const row = await seenWorkspace(db, caller, organization.id, params.workspace_id);
      const { id, name, slug, organization_id, is_default, created_at, updated_at } = row;
      const settings = await settingsInForce(db, organization, row.settings);
      return {
        workspace: { id, name, slug, organization_id, is_default, settings, created_at, updated_at },
      };
    },
  },
);
