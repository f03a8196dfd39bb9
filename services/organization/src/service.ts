import { defineService } from '@rivergate/service';
import { organizations } from '../migrations/0001_organizations.ts';
import { mail } from '../migrations/0002_mail.ts';
import { settingsRevision } from '../migrations/0003_settings_revision.ts';
import { getMemberPrincipal } from './access/get-member-principal.ts';
import { getStartingPoint } from './access/get-starting-point.ts';
import { listMemberships } from './access/list-memberships.ts';
import { gatherAudit } from './audit/gather-audit.ts';
import { listAuditLogs } from './audit/list-audit-logs.ts';
import type { OrganizationTools } from './endpoint.ts';
import { acceptInvitation } from './invitations/accept-invitation.ts';
import { inviteMember } from './invitations/invite-member.ts';
import { listInvitations } from './invitations/list-invitations.ts';
import { previewInvitation } from './invitations/preview-invitation.ts';
import { releaseInvitations } from './invitations/release-invitations.ts';
import { revokeInvitation } from './invitations/revoke-invitation.ts';
import { getMember } from './members/get-member.ts';
import { listMembers } from './members/list-members.ts';
import { removeMember } from './members/remove-member.ts';
import { updateMember } from './members/update-member.ts';
import { createOrganization } from './organizations/create-organization.ts';
import { getOrganization } from './organizations/get-organization.ts';
import { listOrganizations } from './organizations/list-organizations.ts';
import { takeBackAbandoned } from './organizations/provisional-administrators.ts';
import { switchOrganization } from './organizations/switch-organization.ts';
import { updateOrganization } from './organizations/update-organization.ts';
import { keepPeople } from './people/keep-people.ts';
import { listPermissions } from './permissions/list-permissions.ts';
import { givePersonalOrganization } from './personal/give-personal-organization.ts';
import { putPersonalOrganization } from './personal/put-personal-organization.ts';
import { listOrganizationRoles } from './roles/list-organization-roles.ts';
import { listRoles } from './roles/list-roles.ts';
import { getSettings } from './settings/get-settings.ts';
import { updateSettings } from './settings/update-settings.ts';
import { organizationTools } from './tools.ts';
import { createOrganizationWorkspace } from './workspaces/create-organization-workspace.ts';
import { getOrganizationWorkspace } from './workspaces/get-organization-workspace.ts';
import { listOrganizationWorkspaces } from './workspaces/list-organization-workspaces.ts';

/** Organizations, members, invitations, workspaces, roles and permissions. */
export const organization = defineService<OrganizationTools>({
  name: 'organization',
  endpoints: {
    Organizations: [
      createOrganization,
      listOrganizations,
      getOrganization,
      updateOrganization,
      getSettings,
      updateSettings,
      listAuditLogs,
      switchOrganization,
      listMembers,
      getMember,
      updateMember,
      removeMember,
      inviteMember,
      listOrganizationWorkspaces,
      createOrganizationWorkspace,
      getOrganizationWorkspace,
      listOrganizationRoles,
    ],
    Invitations: [listInvitations, revokeInvitation, previewInvitation, acceptInvitation],
    'Roles & Permissions': [listRoles, listPermissions],
    Internal: [getMemberPrincipal, putPersonalOrganization, listMemberships, getStartingPoint],
  },
  consumers: ({ mailer, appUrl }) => [
    keepPeople,
    gatherAudit,
    givePersonalOrganization,
    releaseInvitations({ mailer, appUrl }),
  ],
  jobs: [takeBackAbandoned],
  migrations: [organizations, mail, settingsRevision],
  tools: organizationTools,
});
