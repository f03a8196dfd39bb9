import type { Knex } from 'knex';

/** Which logins are asked for; undefined means both kinds. */
export type LoginFilter = 'success' | 'failure' | undefined;

/** Who begins to act in the name of the user has got in, as the user, and is shown so. */
const IMPERSONATION = 'impersonation.started';

const ACTIONS = {
  success: ['auth.login.success', IMPERSONATION],
  failure: ['auth.login.failure'],
};

/** One login in the audit log. */
export interface LoginEntry {
  id: number;
  action: 'auth.login.success' | 'auth.login.failure' | typeof IMPERSONATION;
  /** Who got in, in the name of the user. */
  impersonator_user_id: number | null;
  ip_address: string | null;
  user_agent: string | null;
  created_at: Date;
  metadata: { method?: string; remember_me?: boolean; reason?: string };
}

/** Row-level security shows a user's own entries to that user. */
export function loginsOf(db: Knex, userId: number, filter?: LoginFilter): Knex.QueryBuilder {
  return db('audit_log')
    .where({ actor_user_id: userId })
    .whereIn('action', filter ? ACTIONS[filter] : [...ACTIONS.success, ...ACTIONS.failure]);
}

export const LOGIN_COLUMNS = [
  'id',
  'action',
  'impersonator_user_id',
  'ip_address',
  'user_agent',
  'created_at',
  'metadata',
];

/** What is shown of an entry; its metadata holds more than that. */
export function shownLogin({ metadata: { method, remember_me, reason }, action, ...entry }: LoginEntry) {
  if (action === IMPERSONATION)
    return { ...entry, action: 'auth.login.success' as const, metadata: { method: 'impersonation' } };
  return { ...entry, action, metadata: { method, remember_me, reason } };
}
