import { memberPrincipal } from '@rivergate/contracts';
import { withinOrganization } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { standingOf } from './standing.ts';

export const getMemberPrincipal = endpoint(memberPrincipal, async ({ params, db }) => {
  await withinOrganization(db, params.organization_id);
  const { member, isAdmin, permissions, roleIds, workspaces, plan, until } = await standingOf(
    db,
    params.organization_id,
    params.user_id,
  );
  return {
    member,
    is_admin: isAdmin,
    permissions,
    role_ids: roleIds,
    workspaces: workspaces.map(grant => ({
      workspace_ids: grant.workspaceIds,
      permissions: grant.permissions,
    })),
    plan,
    ...(until === null ? {} : { until }),
  };
});
