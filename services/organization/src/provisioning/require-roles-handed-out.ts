import { requireRolesHandedOut as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';

/** Asked by sso when somebody configures which groups give which roles. */
export const requireRolesHandedOut = endpoint(spec, async ({ body, caller, db }) => {
  const { organizationId } = caller;
  for (const { role_id, workspace_id } of body.roles) {
    const role = await roleOfOrganization(db, organizationId, role_id);
    if (workspace_id !== null) await workspaceOfOrganization(db, organizationId, workspace_id);
    mayHandOut(caller, role, workspace_id);
  }
});
