import type { AuditEntry } from './audit-log-store.ts';

const COLUMNS = [
  'id',
  'created_at',
  'action',
  'actor',
  'subject',
  'ip_address',
  'user_agent',
  'request_id',
  'metadata',
] as const;

/** Entries as CSV (RFC 4180), with a header line. */
export function asCsv(entries: readonly AuditEntry[]): Buffer {
  const lines = entries.map(entry => COLUMNS.map(column => csvField(entry[column])).join(','));
  return Buffer.from(`${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`);
}

/** Entries as JSON, one a line. */
export function asNdjson(entries: readonly AuditEntry[]): Buffer {
  return Buffer.from(entries.map(entry => `${JSON.stringify(entry)}\n`).join(''));
}

function csvField(value: unknown): string {
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object' && value !== null
        ? JSON.stringify(value)
        : String(value ?? '');
  // A spreadsheet takes such a beginning for a formula; user agents and names come from strangers.
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
