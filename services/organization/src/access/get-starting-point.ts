import { admits } from '@rivergate/caller';
import { startingPoint, WorkspaceNotFound } from '@rivergate/contracts';
import { acrossOrganizations, OrganizationNotFound } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { type OrganizationRow, organizationsOfUser } from '../organizations/organization-store.ts';
import { networksOf } from '../settings/network.ts';
import { effectiveSettings, type SettingsChange } from '../settings/settings.ts';
import { whereSsoNotRequired } from '../sso-requirement/sso-requirement-store.ts';
import { reachableWorkspaces } from '../workspaces/reachable-workspaces.ts';
import { startingWorkspace } from './starting-workspace.ts';

export const getStartingPoint = endpoint(startingPoint, async ({ params, query, db }) => {
  await acrossOrganizations(db);
  if (query.workspace_id !== undefined) {
    const workspace = await reachableWorkspaces(db, params.user_id)
      .where('w.id', query.workspace_id)
      .first('w.id as workspace_id', 'w.organization_id');
    if (!workspace) throw WorkspaceNotFound();
    return workspace;
  }
  const { organization_id: named, ip } = query;
  const own = organizationsOfUser(db, params.user_id);
  if (named === undefined) own.modify(whereSsoNotRequired, params.user_id);
  else own.where('o.id', named);
  const rows: Pick<OrganizationRow, 'id' | 'settings'>[] = await own
    .orderBy(['m.joined_at', 'o.id'])
    .select('o.id', 'o.settings');
  const first = named === undefined ? rows.find(({ settings }) => isAdmitted(settings, ip)) : rows[0];
  if (!first && named !== undefined) throw OrganizationNotFound();
  if (!first) return { organization_id: null, workspace_id: null };
  return { organization_id: first.id, workspace_id: await startingWorkspace(db, params.user_id, first.id) };
});

function isAdmitted(settings: SettingsChange, ip: string | undefined): boolean {
  return ip === undefined || admits(networksOf(effectiveSettings(settings).network.ip_allow_list), ip);
}
