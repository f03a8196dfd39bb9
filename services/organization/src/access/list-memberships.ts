import { boundTo } from '@rivergate/caller';
import { membershipsOf } from '@rivergate/contracts';
import { acrossOrganizations } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { organizationsOfUser } from '../organizations/organization-store.ts';
import { whereAdmitted } from '../settings/network.ts';
import { whereEntered } from '../sso-requirement/sso-requirement-store.ts';
import { reachableWorkspaces } from '../workspaces/reachable-workspaces.ts';

export const listMemberships = endpoint(membershipsOf, async ({ caller, db }) => {
  await acrossOrganizations(db);
  const only = boundTo(caller);
  const organizations = await organizationsOfUser(db, caller.userId)
    .modify(own => only !== null && own.where('o.id', only))
    .select('o.id', 'o.name', 'o.domain', 'o.plan', 'm.is_admin', 'm.joined_at', 'm.source')
    .orderBy(['m.joined_at', 'o.id']);
  const workspaces = await reachableWorkspaces(db, caller.userId)
    .modify(reached => only !== null && reached.where('w.organization_id', only))
    .modify(whereAdmitted, caller)
    .modify(whereEntered, caller)
    .select('w.id', 'w.name', 'w.slug', 'w.is_default', 'w.organization_id', 'w.created_at')
    .orderByRaw('m.joined_at, w.is_default desc, lower(w.name), w.id');
  return { organizations, workspaces };
});
