import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { countLogins, loginsOf } from './login-history-store.ts';

const Entry = z
  .object({
    id: Id,
    action: z.enum(['auth.login.success', 'auth.login.failure']),
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
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
    }),
    answer: z.object({ history: z.array(Entry), total_count: z.int(), limit: z.int(), offset: z.int() }),
  },
  async ({ query, caller, db }) => {
    const { userId } = caller;
    const [history, total] = await Promise.all([
      loginsOf(db, userId, query),
      countLogins(db, userId, query.filter),
    ]);
    return { history, total_count: total, limit: query.limit, offset: query.offset };
  },
);
