import { isDeepStrictEqual } from 'node:util';
import { Id, ValidationFailed } from '@rivergate/endpoint';
import { scimConfigured } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { requireOrganizationAccount } from '../../organizations/organization-account.ts';
import { hasRole, hasWorkspace } from '../../organizations/organization-store.ts';
import { rolesAreDue } from '../roles.ts';
import { configurationOf } from './configuration.ts';
import { AttributeMapping, Configuration, GroupMapping, type Settings, settingsOf } from './settings.ts';

export const putSettings = endpoint(
  {
    operation: 'configureScim',
    method: 'put',
    path: '/sso/scim',
    summary: 'Turn SCIM on or off, set attribute mapping and default role',
    description:
      'What is left out stays as it is. Roles by groups follow at once; turned off, SCIM answers 403 and nothing else changes.',
    caller: 'admin',
    activeOrganization: true,
    body: z.object({
      enabled: z.boolean().optional(),
      attribute_mapping: AttributeMapping.optional(),
      default_role_id: Id.nullable().optional(),
      group_mappings: z.array(GroupMapping).max(500).optional(),
      brake_percent: z.int().min(1).max(100).nullable().optional().meta({
        description: 'Members that may be deprovisioned in an hour; null: all',
      }),
    }),
    answer: z.object({ scim: Configuration }),
    message: 'SCIM configured',
  },
  async ({ body, caller, db, emit, publicUrl }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    await requireRoles(db, organizationId, body);
    const before = await settingsOf(db, organizationId);
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const after: Settings = { ...before, ...given };
    const fields = Object.keys(given).filter(
      name => !isDeepStrictEqual(before[name as keyof Settings], after[name as keyof Settings]),
    );
    if (fields.length > 0) {
      const { enabled, attribute_mapping, default_role_id, group_mappings, brake_percent } = after;
      await db('scim_settings')
        .insert({
          organization_id: organizationId,
          enabled,
          attribute_mapping: JSON.stringify(attribute_mapping),
          default_role_id,
          group_mappings: JSON.stringify(group_mappings),
          brake_percent,
          updated_at: db.fn.now(),
        })
        .onConflict('organization_id')
        .merge();
      const data = { organization_id: organizationId, enabled, fields };
      await emit(scimConfigured, { aggregateId: organizationId, data });
      if (fields.includes('group_mappings')) await rolesAreDue(db, after, null);
    }
    return { scim: await configurationOf(db, organizationId, publicUrl) };
  },
);

type Given = Partial<Pick<Settings, 'default_role_id' | 'group_mappings'>>;

/** @throws ValidationFailed for a role or workspace that is none of the organization */
async function requireRoles(
  db: Knex.Transaction,
  organizationId: number,
  { default_role_id, group_mappings = [] }: { [Name in keyof Given]?: Given[Name] | undefined },
): Promise<void> {
  const refuse = (field: string, what: string) =>
    ValidationFailed(undefined, [
      { field: `body.${field}`, code: 'not_allowed', reason: `is no ${what} of the organization` },
    ]);
  if (default_role_id != null && !(await hasRole(db, organizationId, default_role_id)))
    throw refuse('default_role_id', 'role');
  for (const [index, { role_id, workspace_id }] of group_mappings.entries()) {
    if (!(await hasRole(db, organizationId, role_id)))
      throw refuse(`group_mappings[${index}].role_id`, 'role');
    if (workspace_id !== null && !(await hasWorkspace(db, organizationId, workspace_id)))
      throw refuse(`group_mappings[${index}].workspace_id`, 'workspace');
  }
}
