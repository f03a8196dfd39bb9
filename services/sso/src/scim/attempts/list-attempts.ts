import { Id, newestFirst, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { requireOrganizationAccount } from '../../organizations/organization-account.ts';
import { type AttemptRow, attemptsOf } from './attempt-store.ts';

const log = newestFirst('scim_attempts');

const Attempt = z
  .object({
    id: Id,
    at: Timestamp,
    operation: z.string().meta({ examples: ['patchUser'] }),
    token_id: Id,
    user_id: Id.nullable(),
    group_id: Id.nullable(),
    outcome: z.enum(['done', 'refused']),
    status: z.int().meta({ description: 'Of the answer' }),
    scim_type: z
      .string()
      .nullable()
      .meta({ examples: ['invalidPath'] }),
    reason: z
      .string()
      .nullable()
      .meta({
        description: 'Why it was refused',
        examples: ['There is no attribute shoeSize'],
      }),
    body: z.unknown().meta({ description: 'What was sent, without passwords, and shortened' }),
    ip: z
      .string()
      .nullable()
      .meta({ examples: ['192.0.2.7'] }),
    request_id: z.string(),
  })
  .meta({ id: 'ScimAttempt' });

const COLUMNS = [
  'id',
  'at',
  'operation',
  'token_id',
  'user_id',
  'group_id',
  'status',
  'scim_type',
  'detail',
  'body',
  'ip',
  'request_id',
];

export const listAttempts = endpoint(
  {
    operation: 'listScimAttempts',
    method: 'get',
    path: '/sso/scim/attempts',
    summary: 'What SCIM clients asked for, and what became of it',
    description: 'Newest first, each request that would change something, for 30 days.',
    caller: 'admin',
    activeOrganization: true,
    query: z.object({
      outcome: z.enum(['done', 'refused']).optional(),
      user_id: Id.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
      ...log.query,
    }),
    answer: z.object({ attempts: z.array(Attempt), ...log.answer }),
  },
  async ({ query, caller, db }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const { outcome, user_id, cursor, limit } = query;
    const found = attemptsOf(db, organizationId).select(COLUMNS);
    if (outcome) found.where('status', outcome === 'done' ? '<' : '>=', 300);
    if (user_id !== undefined) found.where({ user_id });
    const { rows, next_cursor } = await log.page<AttemptRow>(found, { cursor, from: 0, limit });
    const attempts = rows.map(({ detail, ...row }) => ({
      ...row,
      outcome: row.status < 300 ? ('done' as const) : ('refused' as const),
      reason: detail,
    }));
    return { attempts, next_cursor };
  },
);
