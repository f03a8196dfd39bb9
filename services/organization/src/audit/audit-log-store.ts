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

export const AUDIT_COLUMNS = [
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

/** `action` may be a prefix that ends in a dot: `member.` finds all that happened to members. */
export function auditEntries(
  db: Knex.Transaction,
  organizationId: number,
  filter: AuditFilter,
): Knex.QueryBuilder {
  const found = db('audit_log').where({ organization_id: organizationId });
  if (filter.action?.endsWith('.')) found.whereRaw('starts_with(action, ?)', [filter.action]);
  else if (filter.action !== undefined) found.where({ action: filter.action });
  if (filter.actor_user_id !== undefined) found.where({ actor_user_id: filter.actor_user_id });
  if (filter.since !== undefined) found.where('created_at', '>=', filter.since);
  if (filter.until !== undefined) found.where('created_at', '<', filter.until);
  return found;
}
