import { PERMISSIONS } from '@rivergate/caller';
import { Id, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { Reference } from '../reference.ts';

/** A role by which a permission is held. */
export const Through = z
  .object({
    role: Reference,
    workspace_id: Id.nullable().meta({ description: 'Where; null: organization-wide' }),
    expires_at: Timestamp.nullable().meta({ description: 'When it ends by itself; null: never' }),
  })
  .meta({ id: 'PermissionThrough' });

interface Held {
  role: { id: number; name: string };
  permissions: string[];
  workspace_id: number | null;
  expires_at: Date | null;
}

/**
 * The roles that a member holds now, organization-wide and in one workspace; without one, in none.
 *
 * @returns none for who is no active member
 */
export async function rolesInForce(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
  workspaceId: number | undefined,
): Promise<Held[]> {
  return db('held_roles as a')
    .join('roles as r', 'r.id', 'a.role_id')
    .join('memberships as m', { 'm.organization_id': 'a.organization_id', 'm.user_id': 'a.user_id' })
    .where({ 'a.organization_id': organizationId, 'a.user_id': userId, 'm.status': 'active' })
    .where(place => {
      place.whereNull('a.workspace_id');
      if (workspaceId !== undefined) place.orWhere('a.workspace_id', workspaceId);
    })
    .orderBy('a.id')
    .select(
      db.raw("jsonb_build_object('id', r.id, 'name', r.name) as role"),
      'r.permissions',
      'a.workspace_id',
      'a.expires_at',
    );
}

/** Through which of the roles a permission is held. */
export function throughWhat(held: readonly Held[], permission: string) {
  return held
    .filter(({ permissions }) => permissions.includes(permission) || permissions.includes('*'))
    .map(({ role, workspace_id, expires_at }) => ({ role, workspace_id, expires_at }));
}

/** Every permission that is held, with "*" as all of them. */
export function permissionsIn(held: readonly Held[]): string[] {
  return PERMISSIONS.map(({ code }) => code).filter(code => throughWhat(held, code).length > 0);
}
