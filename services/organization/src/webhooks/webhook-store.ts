import type { Knex } from 'knex';
import { enterOrganization } from '../organizations/organization-store.ts';
import type { StoredSecret } from './signature.ts';
import { WebhookDisabled, WebhookNotFound } from './webhook.ts';

/** A webhook as people see it. */
export interface WebhookRow {
  id: number;
  url: string;
  description: string | null;
  event_types: string[];
  status: 'enabled' | 'disabled';
  disabled_reason: 'administrator' | 'failing' | 'gone' | null;
  failing_since: Date | null;
  created_by: number;
  created_at: Date;
  updated_at: Date;
}

/** Without the secrets. */
export const WEBHOOK_COLUMNS = [
  'id',
  'url',
  'description',
  'event_types',
  'status',
  'disabled_reason',
  'failing_since',
  'created_by',
  'created_at',
  'updated_at',
];

interface Name {
  org_id: number;
  webhook_id: number;
}

export function webhooksOf(db: Knex.Transaction, organizationId: number): Knex.QueryBuilder {
  return db('webhooks').where({ organization_id: organizationId });
}

/** @throws OrganizationNotFound, WebhookNotFound also for one of another organization */
export async function webhookOf(db: Knex.Transaction, { org_id, webhook_id }: Name): Promise<WebhookRow> {
  await enterOrganization(db, org_id);
  const row = await webhooksOf(db, org_id).where({ id: webhook_id }).first(WEBHOOK_COLUMNS);
  if (!row) throw WebhookNotFound();
  return row;
}

export interface LockedWebhook extends WebhookRow {
  organization_id: number;
  secrets: StoredSecret[];
}

/**
 * As webhookOf; changes of it and of its deliveries wait for this transaction.
 *
 * @throws OrganizationNotFound, WebhookNotFound
 */
export async function lockWebhook(
  db: Knex.Transaction,
  { org_id, webhook_id }: Name,
): Promise<LockedWebhook> {
  await enterOrganization(db, org_id);
  const row = await webhooksOf(db, org_id)
    .where({ id: webhook_id })
    .forNoKeyUpdate()
    .first([...WEBHOOK_COLUMNS, 'organization_id', 'secrets']);
  if (!row) throw WebhookNotFound();
  return row;
}

/** @throws WebhookDisabled, and what lockWebhook does */
export async function lockEnabledWebhook(db: Knex.Transaction, name: Name): Promise<LockedWebhook> {
  const webhook = await lockWebhook(db, name);
  if (webhook.status === 'disabled') throw WebhookDisabled();
  return webhook;
}

export async function insertWebhook(
  db: Knex.Transaction,
  webhook: Pick<WebhookRow, 'url' | 'description' | 'event_types' | 'created_by'> & {
    organization_id: number;
    secrets: StoredSecret[];
  },
): Promise<WebhookRow> {
  const [row] = await db('webhooks')
    .insert({ ...webhook, secrets: JSON.stringify(webhook.secrets) })
    .returning(WEBHOOK_COLUMNS);
  return row;
}

export async function changeWebhook(
  db: Knex.Transaction,
  id: number,
  change: Partial<Pick<WebhookRow, 'url' | 'description' | 'event_types' | 'status' | 'disabled_reason'>>,
): Promise<WebhookRow> {
  const enabled = change.status === 'enabled' ? { failures: 0, failing_since: null } : {};
  const [row] = await db('webhooks')
    .where({ id })
    .update({ ...change, ...enabled, updated_at: db.fn.now() })
    .returning(WEBHOOK_COLUMNS);
  return row;
}

export async function keepSecrets(
  db: Knex.Transaction,
  id: number,
  secrets: readonly StoredSecret[],
): Promise<void> {
  await db('webhooks')
    .where({ id })
    .update({ secrets: JSON.stringify(secrets), updated_at: db.fn.now() });
}
