import type { Knex } from 'knex';

/** Whether a role can be given in the organization. */
export async function hasRole(db: Knex, organizationId: number, roleId: number): Promise<boolean> {
  const found = await db('roles')
    .where({ role_id: roleId })
    .where(own => own.whereNull('organization_id').orWhere({ organization_id: organizationId }))
    .first('role_id');
  return found !== undefined;
}

export async function hasWorkspace(db: Knex, organizationId: number, workspaceId: number): Promise<boolean> {
  const where = { workspace_id: workspaceId, organization_id: organizationId };
  return (await db('workspaces').where(where).first('workspace_id')) !== undefined;
}

/** Whether the organization was deleted, and waits for its end. */
export async function isEnding(db: Knex, organizationId: number): Promise<boolean> {
  return (await db('organizations').where({ id: organizationId, ending: true }).first('id')) !== undefined;
}

export async function nameOf(db: Knex, organizationId: number): Promise<string> {
  const row = await db('organizations').where({ id: organizationId }).first('name');
  return row?.name ?? 'your organization';
}
