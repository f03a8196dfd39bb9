import { ENTRY_COLUMNS, type StoredEntry, storedEntry } from '@rivergate/audit-chain';
import { Id, newestFirst, organizationList, stream, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { AuditLog } from './audit-log.ts';
import { auditEntries, countEntries } from './audit-log-store.ts';
import { asCsv, CSV, exported, NDJSON } from './export.ts';

const entries = newestFirst('audit_logs');
const list = organizationList('audit_logs', AuditLog, {
  ...entries.query,
  action: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'An action, or a prefix that ends in a dot: member.' }),
  actor: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'User id, `service:<name>` or `anonymous`' }),
  actor_user_id: Id.optional(),
  subject: z.string().min(1).max(100).optional().meta({ description: 'Id of what it happened to' }),
  request_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
  since: Timestamp.optional().meta({ description: 'From this moment on' }),
  until: Timestamp.optional().meta({ description: 'Before this moment' }),
  format: z.enum(['json', 'csv', 'ndjson']).default('json'),
});

export const listAuditLogs = endpoint(
  {
    operation: 'listAuditLogs',
    method: 'get',
    path: '/organizations/:org_id/audit-logs',
    summary: 'Audit log of an organization, filtered, paged, or exported as CSV or NDJSON',
    description:
      'Newest first. `format=csv` and `format=ndjson` answer all entries, as a file that is made while it is sent: those that ' +
      'were there when it began, each once. Of what is written meanwhile it may hold an entry or two. A file that cannot be ' +
      'made to its end, as when the caller is no administrator any more, breaks off: the connection is closed early.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    query: list.query,
    answer: list.answer.extend(entries.answer),
    message: 'Audit log retrieved successfully',
    messageInData: true,
    streams: { [CSV]: 'text', [NDJSON]: AuditLog },
  },
  async ({ params, query, db }) => {
    const { skip, limit, cursor, format, ...filter } = query;
    await enterOrganization(db, params.org_id);
    if (format === 'json') {
      const found = auditEntries(db, params.org_id, filter);
      const total = await countEntries(db, params.org_id, filter);
      const page = { cursor, from: skip, limit };
      const { rows, next_cursor } = await entries.page<StoredEntry>(found.select(ENTRY_COLUMNS), page);
      return { audit_logs: rows.map(storedEntry), total_count: total, next_cursor };
    }
    const headers = {
      'content-disposition': `attachment; filename="audit-log-${params.org_id}.${format}"`,
    };
    const batches = exported(params.org_id, filter, cursor);
    return format === 'csv'
      ? stream(`${CSV}; charset=utf-8`, tools => asCsv(batches(tools)), { headers })
      : stream(NDJSON, batches, { headers });
  },
);
