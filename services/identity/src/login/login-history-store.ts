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

/** Row-level security shows a user's own entries to that user. */
export function loginsOf(db: Knex, userId: number, filter?: LoginFilter): Knex.QueryBuilder {
  return db('audit_log')
    .where({ actor_user_id: userId })
    .whereIn('action', filter ? [`auth.login.${filter}`] : ['auth.login.success', 'auth.login.failure']);
}

export const LOGIN_COLUMNS = ['id', 'action', 'ip_address', 'user_agent', 'created_at', 'metadata'];

/** What is shown of an entry; its metadata holds more than that. */
export function shownLogin({ metadata: { method, remember_me, reason }, ...entry }: LoginEntry): LoginEntry {
  return { ...entry, metadata: { method, remember_me, reason } };
}
