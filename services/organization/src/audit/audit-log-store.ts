import { ENTRY_COLUMNS, type StoredEntry } from '@rivergate/audit-chain';
import type { Knex } from 'knex';

export interface AuditFilter {
  action?: string | undefined;
  actor?: string | undefined;
  actor_user_id?: number | undefined;
  subject?: string | undefined;
  request_id?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** `action` may be a prefix that ends in a dot: `member.` finds all that happened to members. */
export function auditEntries(
  db: Knex.Transaction,
  organizationId: number,
  filter: AuditFilter,
): Knex.QueryBuilder {
  const { action, since, until, ...equal } = filter;
  const found = db('audit_log').where({ organization_id: organizationId });
  if (action?.endsWith('.')) found.whereRaw('starts_with(action, ?)', [action]);
  else if (action !== undefined) found.where({ action });
  for (const [column, value] of Object.entries(equal)) if (value !== undefined) found.where(column, value);
  if (since !== undefined) found.where('created_at', '>=', since);
  if (until !== undefined) found.where('created_at', '<', until);
  return found;
}

/** Entries in the order of the chain, which begin after one of them. */
export async function entriesAfter(
  db: Knex.Transaction,
  organizationId: number,
  sequence: number,
  limit: number,
): Promise<StoredEntry[]> {
  return await db('audit_log')
    .where({ organization_id: organizationId })
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .select(ENTRY_COLUMNS);
}
