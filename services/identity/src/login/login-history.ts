import { countOf, Id, newestFirst, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { LOGIN_COLUMNS, type LoginEntry, loginsOf, shownLogin } from './login-history-store.ts';

const Entry = z
  .object({
    id: Id,
    action: z.enum(['auth.login.success', 'auth.login.failure']),
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    impersonator_user_id: Id.nullable().meta({
      description: 'Who acts in the name of the user from then on',
    }),
    created_at: Timestamp,
    metadata: z.object({
      method: z
        .string()
        .optional()
        .meta({ examples: ['password'] }),
      remember_me: z.boolean().optional(),
      reason: z
        .string()
        .optional()
        .meta({ examples: ['invalid_password'] }),
    }),
  })
  .meta({ id: 'LoginAttempt' });

const logins = newestFirst('login_history');

export const loginHistory = endpoint(
  {
    operation: 'listLogins',
    method: 'get',
    path: '/auth/login-history',
    summary: 'Logins of the caller',
    caller: 'user',
    query: z.object({
      limit: z.int().min(1).max(100).default(50),
      offset: z.int().min(0).max(1_000_000_000).default(0),
      filter: z.enum(['success', 'failure']).optional(),
      ...logins.query,
    }),
    answer: z.object({
      history: z.array(Entry),
      total_count: z.int(),
      limit: z.int(),
      offset: z.int(),
      ...logins.answer,
    }),
  },
  async ({ query, caller, db }) => {
    const { cursor, limit, offset, filter } = query;
    const found = loginsOf(db, caller.userId, filter);
    const total = await countOf(found);
    const page = { cursor, from: offset, limit };
    const { rows, next_cursor } = await logins.page<LoginEntry>(found.select(LOGIN_COLUMNS), page);
    return { history: rows.map(shownLogin), total_count: total, limit, offset, next_cursor };
  },
);
