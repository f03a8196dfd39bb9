import { Id, ValidationFailed } from '@rivergate/endpoint';
import { organizationSettingsChanged } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { membersOutside } from '../members/allowed-domains.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { findRole, isAdministrative, type RoleRow } from '../roles/role-store.ts';
import { requireOwnNetwork } from './network.ts';
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
      'Settings left out keep their value. A new requirement of MFA without a deadline gets one by grace_days. Members whom ' +
      'allowed_email_domains would not let in stay, and are given no more than they hold. An ip_allow_list that does not hold ' +
      'the address of the request is refused.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    body: SettingsChange,
    answer: z.object({
      settings: Settings,
      members_outside_allowed_domains: z.int().optional().meta({
        description: 'How many members have another address, where allowed_email_domains was given',
      }),
    }),
    message: 'Settings updated successfully',
    messageInData: true,
  },
  async ({ params, body, caller, db, emit }) => {
    requireOwnNetwork(caller, body.network?.ip_allow_list, 'body.network.ip_allow_list');
    const { id, settings: stored } = await lockOrganization(db, params.org_id);
    await requireOwnRole(db, id, 'workspaces.default_role_id', body.workspaces?.default_role_id);
    await requireJoinRole(db, id, body.domains?.join_role_id);
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
    const allowed = body.members?.allowed_email_domains;
    if (allowed === undefined) return { settings };
    return { settings, members_outside_allowed_domains: await membersOutside(db, id, allowed) };
  },
);

/** @throws ValidationFailed */
async function requireOwnRole(
  db: Knex.Transaction,
  organizationId: number,
  setting: string,
  roleId: number | null | undefined,
): Promise<RoleRow | undefined> {
  if (roleId == null) return undefined;
  const role = await findRole(db, organizationId, roleId);
  if (role) return role;
  throw refusedRole(setting, 'not_found', 'is not a role of the organization');
}

/** @throws ValidationFailed */
async function requireJoinRole(
  db: Knex.Transaction,
  organizationId: number,
  roleId: number | null | undefined,
): Promise<void> {
  const role = await requireOwnRole(db, organizationId, 'domains.join_role_id', roleId);
  if (role && isAdministrative(role))
    throw refusedRole('domains.join_role_id', 'not_allowed', 'lets in others, changes them or gives rights');
}

const refusedRole = (setting: string, code: 'not_found' | 'not_allowed', reason: string) =>
  ValidationFailed(undefined, [{ field: `body.${setting}`, code, reason }]);
