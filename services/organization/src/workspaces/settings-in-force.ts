import type { Principal } from '@rivergate/caller';
import { ValidationFailed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { OrganizationRow } from '../organizations/organization-store.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { builtInRole, findRole, type RoleRow } from '../roles/role-store.ts';
import { effectiveSettings } from '../settings/settings.ts';
import type { Source, StoredSettings, WorkspaceSettings } from './workspace-settings.ts';

/** What holds in a workspace that has set only this. */
export async function settingsInForce(
  db: Knex.Transaction,
  organization: Pick<OrganizationRow, 'id' | 'settings'>,
  stored: StoredSettings,
): Promise<WorkspaceSettings> {
  const { workspaces, features } = effectiveSettings(organization.settings);
  const off = Object.entries(features).filter(([, isOn]) => !isOn);
  return {
    allow_public_access: stored.allow_public_access ?? workspaces.allow_public_access,
    default_role_id: (await defaultRole(db, organization, stored)).id,
    features: { ...features, ...stored.features, ...Object.fromEntries(off) },
    integrations: stored.integrations ?? {},
  };
}

export function sourcesOf(stored: StoredSettings): Record<keyof WorkspaceSettings, Source> {
  const source = (key: keyof WorkspaceSettings): Source => (stored[key] === undefined ? 'inherited' : 'set');
  return {
    allow_public_access: source('allow_public_access'),
    default_role_id: source('default_role_id'),
    features: source('features'),
    integrations: source('integrations'),
  };
}

/** The role of members who are added without one; a setting whose role is gone is as one that is not set. */
export async function defaultRole(
  db: Knex.Transaction,
  { id, settings }: Pick<OrganizationRow, 'id' | 'settings'>,
  stored: StoredSettings,
): Promise<RoleRow> {
  for (const roleId of [stored.default_role_id, settings.workspaces?.default_role_id]) {
    const role = roleId == null ? undefined : await findRole(db, id, roleId);
    if (role) return role;
  }
  return builtInRole(db, id, 'Viewer');
}

/**
 * Nobody makes a role the default one that they could not give themselves.
 *
 * @param workspaceId null where the workspace is not there yet
 * @throws ValidationFailed for what is no role of the organization, Forbidden as mayHandOut does
 */
export async function requireOwnDefaultRole(
  db: Knex.Transaction,
  caller: Principal,
  organizationId: number,
  { default_role_id: roleId }: { default_role_id?: number | null | undefined },
  workspaceId: number | null,
  field = 'body.settings.default_role_id',
): Promise<void> {
  if (roleId == null) return;
  const role = await findRole(db, organizationId, roleId);
  if (!role) {
    const reason = 'is not a role of the organization';
    throw ValidationFailed(undefined, [{ field, code: 'not_found', reason }]);
  }
  mayHandOut(caller, role, workspaceId);
}
