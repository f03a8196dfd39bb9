import { BUILT_IN_ROLES } from '@rivergate/caller';
import { roleCreated } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { nameKeys } from '../names/name-keys.ts';

export type BuiltInRoleName = 'Admin' | 'Developer' | 'Viewer';
export type BuiltInRoleIds = Record<BuiltInRoleName, number>;

/** Gives a new organization the roles that every organization has. */
export async function createBuiltInRoles(
  { db, emit }: Work,
  organizationId: number,
): Promise<BuiltInRoleIds> {
  const rows: { id: number; name: string; permissions: string[] }[] = await db('roles')
    .insert(
      BUILT_IN_ROLES.map(({ name, permissions }) => ({
        organization_id: organizationId,
        name,
        ...nameKeys(name),
        permissions: [...permissions],
        is_system: true,
      })),
    )
    .returning(['id', 'name', 'permissions']);
  for (const { id, name, permissions } of rows) {
    await emit(roleCreated, {
      aggregateId: id,
      organizationId,
      data: { role_id: id, organization_id: organizationId, name, permissions, builtin: true },
    });
  }
  return Object.fromEntries(rows.map(({ name, id }) => [name, id])) as BuiltInRoleIds;
}
