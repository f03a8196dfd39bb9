import { type ChainedEntry, ENTRY_COLUMNS, type StoredEntry, storedEntry } from '@rivergate/audit-chain';
import type { StreamTools } from '@rivergate/endpoint';
import { enterOrganization } from '../organizations/organization-store.ts';
import { type AuditFilter, auditEntries } from './audit-log-store.ts';

export const CSV = 'text/csv';
export const NDJSON = 'application/x-ndjson';

/** Entries that are read, and held in memory, at once. */
const BATCH = 1_000;

/**
 * All entries, newest first, in batches that begin where the one before ended: what is there stays, and what is added has
 * a higher id, so no transaction has to be held to see each once.
 *
 * @param before id of the entry after which they begin
 */
export function exported(organizationId: number, filter: AuditFilter, before: number | undefined) {
  return async function* ({ within }: Pick<StreamTools, 'within'>): AsyncGenerator<ChainedEntry[]> {
    let last = before;
    for (;;) {
      const rows = await within(async db => {
        await enterOrganization(db, organizationId);
        // By old statistics the planner would sort all that is left of the log for each batch, instead of walking its index.
        await db.raw('set local enable_sort = off');
        const found = auditEntries(db, organizationId, filter).select(ENTRY_COLUMNS);
        if (last !== undefined) found.where('id', '<', last);
        return (await found.orderBy('id', 'desc').limit(BATCH)) as StoredEntry[];
      });
      if (rows.length > 0) yield rows.map(storedEntry);
      if (rows.length < BATCH) return;
      last = rows.at(-1)!.id;
    }
  };
}

const COLUMNS = [
  'id',
  'created_at',
  'action',
  'actor',
  'impersonator_user_id',
  'subject',
  'ip_address',
  'user_agent',
  'request_id',
  'metadata',
  'event_id',
  'chain',
] as const;

/** Entries as CSV (RFC 4180), with a header line. */
export async function* asCsv(batches: AsyncIterable<readonly ChainedEntry[]>): AsyncGenerator<string> {
  // Not by itself: what fails before the first entries is answered as a failure.
  let text = lineOf(COLUMNS);
  for await (const batch of batches) {
    for (const entry of batch) text += lineOf(COLUMNS.map(column => csvField(entry[column])));
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

const lineOf = (fields: readonly string[]) => `${fields.join(',')}\r\n`;

function csvField(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
  // A spreadsheet takes such a beginning for a formula; user agents and names come from strangers.
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
