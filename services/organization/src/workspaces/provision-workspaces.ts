import { holds } from '@rivergate/caller';
import { Forbidden, Id, missingPermission } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { EmailDomainNotAllowed, UserNotFound } from '../members/errors.ts';
import { membershipOf } from '../members/member-store.ts';
import { Name } from '../names/name.ts';
import { NamedOrganization, namedOrganization } from '../organizations/named-organization.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { addWorkspaceMember } from './add-workspace-member.ts';
import { createForCaller } from './create-for-caller.ts';
import { WorkspaceAlreadyExists } from './errors.ts';
import { defaultRole, requireOwnDefaultRole } from './settings-in-force.ts';
import { Workspace } from './workspace.ts';
import { changedSettings, WorkspaceSettingsChange } from './workspace-settings.ts';

const Template = z
  .object({
    settings: WorkspaceSettingsChange.default({}),
    members: z
      .array(
        z.strictObject({
          user_id: Id,
          role_id: Id.optional().meta({ description: 'Default: the default role of the workspace' }),
        }),
      )
      .max(20)
      .default([])
      .refine(members => new Set(members.map(({ user_id }) => user_id)).size === members.length, {
        error: 'must name nobody twice',
      }),
  })
  .strict()
  .meta({ id: 'WorkspaceTemplate', description: 'What all of them have' });

export const provisionWorkspaces = endpoint(
  {
    operation: 'provisionWorkspaces',
    method: 'post',
    path: '/workspaces/provision',
    summary: 'Provision many workspaces from a template, all or none',
    description:
      'In the active organization, or in one that is named. Members take workspace.members, their roles and the default one ' +
      'what the caller holds organization-wide. The caller becomes a member of each with the Admin role.',
    caller: 'perm:workspace.create',
    activeOrganization: true,
    clients: true,
    body: z.object({
      organization_id: NamedOrganization,
      template: Template.default({ settings: {}, members: [] }),
      workspaces: z
        .array(z.strictObject({ name: Name }))
        .min(1)
        .max(50),
    }),
    status: 201,
    answer: z.object({ workspaces: z.array(Workspace.omit({ is_default: true })) }),
    message: 'Workspaces provisioned successfully',
    messageInData: true,
    errors: [WorkspaceAlreadyExists, UserNotFound, RoleNotFound, EmailDomainNotAllowed],
  },
  {
    organization: namedOrganization,
    async handle({ body: { template, workspaces }, caller, db, emit }) {
      const { organizationId } = caller;
      const organization = await lockOrganization(db, organizationId);
      await requireOwnDefaultRole(
        db,
        caller,
        organizationId,
        template.settings,
        null,
        'body.template.settings.default_role_id',
      );
      const settings = changedSettings({}, template.settings);
      if (template.members.length > 0 && !holds(caller, 'workspace.members'))
        throw Forbidden('You are not allowed to add members', [missingPermission('workspace.members')]);
      const members: { userId: number; roleId: number }[] = [];
      for (const { user_id, role_id } of template.members) {
        const { user_id: userId } = await membershipOf(db, organizationId, user_id);
        const role =
          role_id === undefined
            ? await defaultRole(db, organization, settings)
            : await roleOfOrganization(db, organizationId, role_id);
        mayHandOut(caller, role);
        // The caller administers each of them already.
        if (userId !== caller.userId) members.push({ userId, roleId: role.id });
      }

      const provisioned = [];
      for (const [index, { name }] of workspaces.entries()) {
        const created = await createForCaller({ db, emit }, caller, { organizationId, name, settings });
        if (!created) {
          const detail = {
            field: `body.workspaces.${index}.name`,
            code: 'duplicate' as const,
            reason: 'is in use',
          };
          throw WorkspaceAlreadyExists(undefined, [detail]);
        }
        const { id, slug } = created;
        for (const member of members)
          await addWorkspaceMember(
            { db, emit },
            { organizationId, workspaceId: id, ...member, by: caller.userId },
          );
        provisioned.push({ id, name: created.name, slug, organization_id: organizationId });
      }
      return { workspaces: provisioned };
    },
  },
);
