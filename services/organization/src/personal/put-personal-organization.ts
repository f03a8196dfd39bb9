import { ensurePersonalOrganization } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { ensurePersonal } from './personal-organization.ts';

export const putPersonalOrganization = endpoint(
  ensurePersonalOrganization,
  async ({ params, body, db, emit }) => {
    const user = { userId: params.user_id, email: body.email, displayName: body.display_name };
    const { organizationId, workspaceId } = await ensurePersonal({ db, emit }, user);
    return { organization_id: organizationId, workspace_id: workspaceId };
  },
);
