import type { Knex } from 'knex';

/** One entry as the API shows it. */
export interface AuditEntry {
  id: number;
  action: string;
  actor: string;
  actor_user_id: number | null;
  subject: string;
  ip_address: string | null;
  user_agent: string | null;
  request_id: string | null;
  metadata: Record<string, unknown>;
  created_at: Date;
}

export interface AuditFilter {
  action?: string | undefined;
  actor_user_id?: number | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

const COLUMNS = [
  'id',
  'action',
  'actor',
  'actor_user_id',
  'subject',
  'ip_address',
  'user_agent',
  'request_id',
  'metadata',
  'created_at',
] as const;

/** Newest first. `action` may be a prefix that ends in a dot: `member.` finds all that happened to members. */
function filtered(db: Knex.Transaction, organizationId: number, filter: AuditFilter) {
  const query = db('audit_log').where({ organization_id: organizationId });
  if (filter.action?.endsWith('.')) query.whereRaw('starts_with(action, ?)', [filter.action]);
  else if (filter.action !== undefined) query.where({ action: filter.action });
  if (filter.actor_user_id !== undefined) query.where({ actor_user_id: filter.actor_user_id });
  if (filter.since !== undefined) query.where('created_at', '>=', filter.since);
  if (filter.until !== undefined) query.where('created_at', '<', filter.until);
  return query;
}

export async function auditPage(
  db: Knex.Transaction,
  organizationId: number,
  filter: AuditFilter,
  page: { skip: number; limit: number },
): Promise<{ entries: AuditEntry[]; total: number }> {
  const entries = await filtered(db, organizationId, filter)
    .select(COLUMNS)
    .orderBy('id', 'desc')
    .offset(page.skip)
    .limit(page.limit);
  const counted = await filtered(db, organizationId, filter).count({ total: '*' }).first();
  return { entries, total: Number(counted?.total) };
}
