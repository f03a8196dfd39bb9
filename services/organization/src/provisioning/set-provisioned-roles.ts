import { setProvisionedRoles as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { membershipOf } from '../members/member-store.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { provisionable } from './managing.ts';
import { replaceRolesOf } from './roles-of-source.ts';

export const setProvisionedRoles = endpoint(
  spec,
  async ({ params: { organization_id: organizationId, user_id: userId }, body, db, emit }) => {
    provisionable(await lockOrganization(db, organizationId));
    await membershipOf(db, organizationId, userId);
    const source = body.provider_id === null ? body.source : `${body.source} ${body.provider_id}`;
    const wanted = body.roles.map(({ role_id: roleId, workspace_id: workspaceId }) => ({
      roleId,
      workspaceId,
    }));
    const replaced = await replaceRolesOf({ db, emit }, { organizationId, userId, source, wanted });
    if (replaced.withdrawn > 0) await withdrawInvitations({ db, emit }, organizationId, userId);
    return replaced;
  },
);
