import type { Principal } from '@rivergate/caller';
import { changesOf, workspaceSettingsChanged, workspaceUpdated } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { nameKeys } from '../names/name-keys.ts';
import { lockOrganization, type OrganizationRow } from '../organizations/organization-store.ts';
import { violatesUniqueness } from '../organizations/unique-violation.ts';
import type { WorkspaceRow } from './create-workspace-row.ts';
import { WorkspaceAlreadyExists } from './errors.ts';
import { requireOwnDefaultRole } from './settings-in-force.ts';
import { changedSettings, differingKeys, type WorkspaceSettingsChange } from './workspace-settings.ts';
import { workspaceOfOrganization } from './workspace-store.ts';

/**
 * Changes a workspace, all of it or nothing. What is left out stays, and so does the slug.
 *
 * @throws WorkspaceNotFound, WorkspaceAlreadyExists, and what requireOwnDefaultRole does
 */
export async function changeWorkspace(
  { db, emit }: Work,
  caller: Principal & { organizationId: number },
  id: number,
  change: { name?: string | undefined; is_default?: true | undefined; settings?: WorkspaceSettingsChange },
): Promise<{ workspace: WorkspaceRow; organization: OrganizationRow }> {
  const { organizationId } = caller;
  // There is one default workspace at any time, and no change of settings gets lost: who comes second waits.
  const organization = await lockOrganization(db, organizationId);
  const before = await workspaceOfOrganization(db, organizationId, id);
  await requireOwnDefaultRole(db, caller, organizationId, change.settings ?? {}, id);
  const name = change.name ?? before.name;
  const settings = changedSettings(before.settings, change.settings ?? {});
  const becomesDefault = change.is_default === true && !before.is_default;
  const fields = [...(name === before.name ? [] : ['name']), ...(becomesDefault ? ['is_default'] : [])];
  const keys = differingKeys(before.settings, settings);
  if (fields.length + keys.length === 0) return { workspace: before, organization };

  if (becomesDefault) await clearDefault(db, organizationId);
  const [workspace] = await db('workspaces')
    .where({ organization_id: organizationId, id })
    .update({
      ...(name === before.name ? {} : { name, ...nameKeys(name) }),
      is_default: before.is_default || becomesDefault,
      settings: JSON.stringify(settings),
      updated_at: db.fn.now(),
    })
    .returning('*')
    .catch(cause => {
      throw violatesUniqueness(cause) ? WorkspaceAlreadyExists() : cause;
    });
  const where = { workspace_id: id, organization_id: organizationId };
  if (fields.length > 0) {
    const { slug, is_default } = workspace;
    const changes = changesOf(before, { name, is_default });
    const data = { ...where, fields, name, slug, is_default, changes };
    await emit(workspaceUpdated, { aggregateId: id, organizationId, data });
  }
  if (keys.length > 0) {
    const data = { ...where, fields: keys, before: before.settings, settings };
    await emit(workspaceSettingsChanged, { aggregateId: id, organizationId, data });
  }
  return { workspace, organization };
}

async function clearDefault(db: Knex.Transaction, organizationId: number): Promise<void> {
  await db('workspaces')
    .where({ organization_id: organizationId, is_default: true })
    .update({ is_default: false, updated_at: db.fn.now() });
}
