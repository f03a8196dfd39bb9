import { Id, ValidationFailed } from '@rivergate/endpoint';
import { organizationSettingsChanged } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import {
  changedSettings,
  changeSettings,
  effectiveSettings,
  Settings,
  SettingsChange,
  settingsChanges,
} from './settings.ts';

export const updateSettings = endpoint(
  {
    operation: 'updateOrganizationSettings',
    method: 'patch',
    path: '/organizations/:org_id/settings',
    summary: 'Change settings of an organization; enforced from the next request on',
    description:
      'Settings left out keep their value. A new requirement of MFA without a deadline gets one by grace_days.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    body: SettingsChange,
    answer: z.object({ settings: Settings }),
    message: 'Settings updated successfully',
    messageInData: true,
  },
  async ({ params, body, db, emit }) => {
    const { id, settings: stored } = await lockOrganization(db, params.org_id);
    await requireOwnRole(db, id, body.workspaces?.default_role_id ?? null);
    const changed = changeSettings(stored, body, new Date());
    const settings = effectiveSettings(changed);
    const before = effectiveSettings(stored);
    const fields = changedSettings(before, settings);
    if (fields.length > 0) {
      const [row] = await db('organizations')
        .where({ id })
        .update({
          settings: JSON.stringify(changed),
          settings_revision: db.raw('settings_revision + 1'),
          updated_at: db.fn.now(),
        })
        .returning('settings_revision');
      const changes = settingsChanges(before, settings, fields);
      const data = { organization_id: id, revision: row.settings_revision, fields, settings, changes };
      await emit(organizationSettingsChanged, { aggregateId: id, organizationId: id, data });
    }
    return { settings };
  },
);

async function requireOwnRole(
  db: Knex.Transaction,
  organizationId: number,
  roleId: number | null,
): Promise<void> {
  if (roleId === null) return;
  if (await db('roles').where({ organization_id: organizationId, id: roleId }).first('id')) return;
  const reason = 'is not a role of the organization';
  throw ValidationFailed(undefined, [
    { field: 'body.workspaces.default_role_id', code: 'not_found', reason },
  ]);
}
