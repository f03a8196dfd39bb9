import { countOf, Id, newestFirst, organizationList, reply, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { AUDIT_COLUMNS, type AuditEntry, auditEntries } from './audit-log-store.ts';
import { asCsv, asNdjson } from './export.ts';

/** Entries in one export; a larger range is fetched by time. */
const EXPORT_LIMIT = 10_000;

const AuditLog = z
  .object({
    id: Id,
    action: z.string().meta({ examples: ['member.added'] }),
    actor: z.string().meta({ description: 'User id, `service:<name>` or `anonymous`', examples: ['7'] }),
    actor_user_id: Id.nullable(),
    subject: z.string().meta({ description: 'Id of what it happened to', examples: ['12'] }),
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    created_at: Timestamp,
  })
  .meta({ id: 'AuditLogEntry' });

const entries = newestFirst('audit_logs');
const list = organizationList('audit_logs', AuditLog, {
  ...entries.query,
  action: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'An action, or a prefix that ends in a dot: member.' }),
  actor_user_id: Id.optional(),
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
    description: `Newest first. \`format=csv\` and \`format=ndjson\` answer a file with up to ${EXPORT_LIMIT} entries in place of a page; X-Total-Count says how many there are.`,
    caller: 'admin',
    params: z.object({ org_id: Id }),
    query: list.query,
    answer: list.answer.extend(entries.answer),
    message: 'Audit log retrieved successfully',
    messageInData: true,
    files: { 'text/csv': 'text', 'application/x-ndjson': 'text' },
  },
  async ({ params, query, db }) => {
    const { skip, limit, cursor, format, ...filter } = query;
    await enterOrganization(db, params.org_id);
    const found = auditEntries(db, params.org_id, filter);
    const total = await countOf(found);
    const { rows, next_cursor } = await entries.page<AuditEntry>(found.select(AUDIT_COLUMNS), {
      cursor,
      from: format === 'json' ? skip : 0,
      limit: format === 'json' ? limit : EXPORT_LIMIT,
    });
    const data = { audit_logs: rows, total_count: total, next_cursor };
    if (format === 'json') return data;
    return reply(data, {
      raw: format === 'csv' ? asCsv(rows) : asNdjson(rows),
      headers: {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
        'content-disposition': `attachment; filename="audit-log-${params.org_id}.${format}"`,
        'x-total-count': String(total),
      },
    });
  },
);
