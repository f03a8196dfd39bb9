import type { Knex } from 'knex';

/** Which logins are asked for; undefined means both kinds. */
export type LoginFilter = 'success' | 'failure' | undefined;

/** One login in the audit log. */
export interface LoginEntry {
  id: number;
  action: 'auth.login.success' | 'auth.login.failure';
  ip_address: string | null;
  user_agent: string | null;
  created_at: Date;
  metadata: { method?: string; remember_me?: boolean; reason?: string };
}

const logins = (db: Knex, userId: number, filter: LoginFilter) =>
  db('audit_log')
    .where({ actor_user_id: userId })
    .whereIn('action', filter ? [`auth.login.${filter}`] : ['auth.login.success', 'auth.login.failure']);

/** Newest first. Row-level security shows a user's own entries to that user. */
export async function loginsOf(
  db: Knex,
  userId: number,
  page: { limit: number; offset: number; filter?: LoginFilter },
): Promise<LoginEntry[]> {
  const rows = await logins(db, userId, page.filter)
    .select('id', 'action', 'ip_address', 'user_agent', 'created_at', 'metadata')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .offset(page.offset);
  return rows.map(({ metadata: { method, remember_me, reason }, ...row }) => ({
    ...row,
    metadata: { method, remember_me, reason },
  }));
}

export async function countLogins(db: Knex, userId: number, filter?: LoginFilter): Promise<number> {
  const [row] = await logins(db, userId, filter).count('* as count');
  return Number(row!.count);
}
