import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Name } from '../names/name.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { createForCaller } from './create-for-caller.ts';
import { WorkspaceAlreadyExists } from './errors.ts';
import { Workspace } from './workspace.ts';

export const createOrganizationWorkspace = endpoint(
  {
    operation: 'createOrganizationWorkspace',
    method: 'post',
    path: '/organizations/:org_id/workspaces',
    summary: 'Create a workspace',
    description:
      'The slug is made from the name. The creator, where it is a member, gets the Admin role in it.',
    caller: 'perm:workspace.create',
    clients: true,
    params: z.object({ org_id: Id }),
    body: z.object({ name: Name.meta({ description: 'Unique in the organization without regard to case' }) }),
    status: 201,
    answer: z.object({
      workspace: Workspace.omit({ is_default: true }),
    }),
    message: 'Workspace created successfully',
    messageInData: true,
    errors: [WorkspaceAlreadyExists],
  },
  async ({ params: { org_id: organizationId }, body, caller, db, emit }) => {
    await enterOrganization(db, organizationId);
    const workspace = await createForCaller({ db, emit }, caller, { organizationId, name: body.name });
    if (!workspace) throw WorkspaceAlreadyExists();
    const { id, name, slug } = workspace;
    return { workspace: { id, name, slug, organization_id: organizationId } };
  },
);
