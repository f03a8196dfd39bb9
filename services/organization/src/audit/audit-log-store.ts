import { ENTRY_COLUMNS, type StoredEntry } from '@rivergate/audit-chain';
import { countAtMost } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { headOf } from './chain-store.ts';

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
  // Not by a pattern, which row-level security keeps from the index. A slash comes right after a dot.
  if (action?.endsWith('.'))
    found.whereRaw('action collate "C" >= ? and action collate "C" < ?', [action, `${action.slice(0, -1)}/`]);
  else if (action !== undefined) found.whereRaw('action collate "C" = ?', [action]);
  for (const [column, value] of Object.entries(equal)) if (value !== undefined) found.where(column, value);
  if (since !== undefined) found.where('created_at', '>=', since);
  if (until !== undefined) found.where('created_at', '<', until);
  return found;
}

/** How many entries match: of the log as a whole by its head, and of more than are counted, how many are. */
export async function countEntries(
  db: Knex.Transaction,
  organizationId: number,
  filter: AuditFilter,
): Promise<number> {
  if (Object.values(filter).some(value => value !== undefined))
    return await countAtMost(auditEntries(db, organizationId, filter));
  const { sequence, start_sequence } = await headOf(db, organizationId);
  return sequence - start_sequence;
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
