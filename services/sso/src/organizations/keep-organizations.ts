import { forgetPolicySamples, projectAccess } from '@rivergate/caller';
import {
  type ConsumerTools,
  consumer,
  on,
  organizationCreated,
  organizationDeleted,
  organizationDeletionScheduled,
  organizationRestored,
  organizationUpdated,
  roleCreated,
  roleDeleted,
  scimTokenChanged,
  ssoOrganizationErased,
  workspaceCreated,
  workspaceDeleted,
} from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import type { Knex } from 'knex';
import { tokensInUse } from '../scim/tokens/token-store.ts';

/** Tables that hold something of organizations, those that others refer to last. */
const TABLES = [
  // Connections, attempts, tickets and logins go with the provider.
  'providers',
  'verified_domains',
  'enforcements',
  'exemptions',
  'migration_plans',
  'member_notices',
  'notice_runs',
  'abac_policies',
  'scim_attempts',
  'scim_deprovisions',
  'scim_group_members',
  'scim_groups',
  'scim_users',
  'scim_tokens',
  'scim_settings',
  'roles',
  'workspaces',
];

async function keep(db: Knex.Transaction, id: number, name: string | undefined): Promise<void> {
  await db('organizations').insert({ id, name }).onConflict('id').merge();
}

/** What a deleted organization has had issued opens nothing while it waits for its end. */
async function ending(
  redis: RedisClient,
  { db, emit, log }: ConsumerTools,
  organizationId: number,
  reason: 'organization_deleted' | 'organization_restored',
): Promise<void> {
  await db('organizations')
    .where({ id: organizationId })
    .update({ ending: reason === 'organization_deleted' });
  await db('scim_tokens')
    .where({ organization_id: organizationId })
    .update({ suspended: reason === 'organization_deleted' });
  for (const { id, token_hash } of await tokensInUse(db, organizationId)) {
    const data = { token_id: id, organization_id: organizationId, token_hash, reason };
    const event = await emit(scimTokenChanged, { aggregateId: id, organizationId, data });
    // The gateway hears of it from the event log too; this is only sooner.
    db.executionPromise
      ?.then(() => projectAccess(redis, event))
      .catch(cause => log.warn({ err: cause }, 'An event was left to the event log'));
  }
}

/** Keeps what this service has to know of organizations, and forgets what it holds of one that has ended. */
export const keepOrganizations = ({ redis }: { redis: RedisClient }) =>
  consumer({
    name: 'organizations',
    on: [
      on(organizationCreated, async ({ data: { organization_id, name } }, { db }) =>
        keep(db, organization_id, name),
      ),
      on(organizationUpdated, async ({ data: { organization_id, name } }, { db }) =>
        keep(db, organization_id, name),
      ),
      on(organizationDeletionScheduled, async ({ data }, tools) =>
        ending(redis, tools, data.organization_id, 'organization_deleted'),
      ),
      on(organizationRestored, async ({ data }, tools) =>
        ending(redis, tools, data.organization_id, 'organization_restored'),
      ),
      on(organizationDeleted, async ({ data: { organization_id } }, tools) => {
        const { db, emit } = tools;
        await ending(redis, tools, organization_id, 'organization_deleted');
        for (const table of TABLES) await db(table).where({ organization_id }).delete();
        await db('organizations').where({ id: organization_id }).delete();
        const fact = { aggregateId: organization_id, organizationId: organization_id };
        // Where Redis is away they go by themselves, within a day.
        await forgetPolicySamples(redis, organization_id).catch(cause =>
          tools.log.warn({ err: cause }, 'Samples of requests were left to end by themselves'),
        );
        await emit(ssoOrganizationErased, { ...fact, data: { organization_id } });
      }),
      on(roleCreated, async ({ data: { role_id, organization_id } }, { db }) => {
        await db('roles').insert({ role_id, organization_id }).onConflict('role_id').merge();
      }),
      on(roleDeleted, async ({ data: { role_id } }, { db }) => {
        await db('roles').where({ role_id }).delete();
      }),
      on(workspaceCreated, async ({ data: { workspace_id, organization_id } }, { db }) => {
        await db('workspaces').insert({ workspace_id, organization_id }).onConflict('workspace_id').merge();
      }),
      on(workspaceDeleted, async ({ data: { workspace_id } }, { db }) => {
        await db('workspaces').where({ workspace_id }).delete();
      }),
    ],
  });
