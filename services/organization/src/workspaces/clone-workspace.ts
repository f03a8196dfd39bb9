import { holds, holdsIn } from '@rivergate/caller';
import { Forbidden, Id, missingPermission } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { EmailDomainNotAllowed } from '../members/errors.ts';
import { Name } from '../names/name.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { findRole } from '../roles/role-store.ts';
import { copyMembers } from './copy-members.ts';
import { createForCaller } from './create-for-caller.ts';
import { TooManyMembers, WorkspaceAlreadyExists, WorkspaceNotFound } from './errors.ts';
import { organizationOfWorkspace, workspaceInPath } from './organization-of-workspace.ts';
import { WorkspaceReference } from './workspace.ts';
import { seenWorkspace } from './workspace-store.ts';

export const cloneWorkspace = endpoint(
  {
    ...workspaceInPath,
    operation: 'cloneWorkspace',
    method: 'post',
    path: '/workspaces/:workspace_id/clone',
    summary: 'Clone a workspace with members and settings',
    description:
      'The clone lies in the organization of the source, where workspace.create has to be held organization-wide; copied ' +
      'members take workspace.members in the source, and each of their roles and the default one what the caller holds there. ' +
      'The caller is its member with the Admin role. All or nothing; what other services keep in it is not copied.',
    caller: 'perm:workspace.create',
    workspace: 'params.workspace_id',
    body: z.object({
      name: Name.meta({ description: 'Unique in the organization without regard to case' }),
      copy_members: z
        .boolean()
        .default(false)
        .meta({ description: 'With the roles held there, to their ends' }),
      copy_settings: z.boolean().default(true).meta({ description: 'Those set in the source' }),
    }),
    answer: z.object({ workspace: WorkspaceReference.extend({ source_workspace_id: Id }) }),
    message: 'Workspace cloned successfully',
    messageInData: true,
    errors: [WorkspaceNotFound, WorkspaceAlreadyExists, TooManyMembers, EmailDomainNotAllowed],
  },
  {
    organization: organizationOfWorkspace,
    async handle({ params: { workspace_id: sourceId }, body, caller, db, emit }) {
      const { organizationId } = caller;
      const work = { db, emit };
      // Nobody comes, goes or changes what is copied until it is.
      await lockOrganization(db, organizationId);
      const source = await seenWorkspace(db, caller, organizationId, sourceId);
      if (!holds(caller, 'workspace.create'))
        throw Forbidden('You are not allowed to do this organization-wide', [
          missingPermission('workspace.create'),
        ]);
      if (body.copy_members && !holdsIn(caller, 'workspace.members', sourceId))
        throw Forbidden('You are not allowed to copy members', [missingPermission('workspace.members')]);
      const settings = body.copy_settings ? source.settings : {};
      const role = settings.default_role_id && (await findRole(db, organizationId, settings.default_role_id));
      if (role) mayHandOut(caller, role, sourceId);

      const workspace = await createForCaller(work, caller, { organizationId, name: body.name, settings });
      if (!workspace) throw WorkspaceAlreadyExists();
      const { id, name, slug } = workspace;
      if (body.copy_members) await copyMembers(work, caller, { organizationId, from: sourceId, to: id });
      return { workspace: { id, name, slug, source_workspace_id: sourceId } };
    },
  },
);
