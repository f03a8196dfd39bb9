import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Name } from '../names/name.ts';
import { NamedOrganization, namedOrganization } from '../organizations/named-organization.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { createForCaller } from './create-for-caller.ts';
import { WorkspaceAlreadyExists } from './errors.ts';
import { requireOwnDefaultRole } from './settings-in-force.ts';
import { Workspace } from './workspace.ts';
import { changedSettings, WorkspaceSettingsChange } from './workspace-settings.ts';

export const createWorkspaceOfCaller = endpoint(
  {
    operation: 'createWorkspace',
    method: 'post',
    path: '/workspaces',
    summary: 'Create a workspace in the active organization, or in one that is named',
    description:
      'The slug is made from the name. The creator, where it is a member, gets the Admin role in it.',
    caller: 'perm:workspace.create',
    activeOrganization: true,
    clients: true,
    body: z.object({
      name: Name.meta({ description: 'Unique in the organization without regard to case' }),
      organization_id: NamedOrganization,
      settings: WorkspaceSettingsChange.default({}),
    }),
    status: 201,
    answer: z.object({ workspace: Workspace.omit({ is_default: true }) }),
    message: 'Workspace created successfully',
    messageInData: true,
    errors: [WorkspaceAlreadyExists],
  },
  {
    organization: namedOrganization,
    async handle({ body, caller, db, emit }) {
      const { organizationId } = caller;
      await enterOrganization(db, organizationId);
      await requireOwnDefaultRole(db, caller, organizationId, body.settings, null);
      const settings = changedSettings({}, body.settings);
      const workspace = await createForCaller({ db, emit }, caller, {
        organizationId,
        name: body.name,
        settings,
      });
      if (!workspace) throw WorkspaceAlreadyExists();
      const { id, name, slug } = workspace;
      return { workspace: { id, name, slug, organization_id: organizationId } };
    },
  },
);
