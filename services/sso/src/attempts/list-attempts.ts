import { Id, newestFirst, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { providerOf } from '../providers/provider-store.ts';
import { FLOW_SECONDS } from './attempt-store.ts';
import { explanationOf, REASONS } from './refusal.ts';

const Outcome = z.enum(['pending', 'succeeded', 'failed', 'abandoned']);

const Kind = z.enum(['sign_in', 'logout']);

const Attempt = z
  .object({
    id: Id,
    kind: Kind,
    begun_by: z.enum(['platform', 'provider']),
    outcome: Outcome.meta({
      description: 'abandoned: nobody came back; the provider may have shown them an error',
    }),
    reason: z
      .string()
      .nullable()
      .meta({ examples: ['DOMAIN_NOT_SERVED'] }),
    explanation: z
      .string()
      .nullable()
      .meta({
        description: 'The reason in words, and what to do about it',
        examples: [REASONS.DOMAIN_NOT_SERVED],
      }),
    steps: z.array(
      z.object({
        step: z.string().meta({ examples: ['claims_received'] }),
        at: Timestamp,
        detail: z
          .string()
          .optional()
          .meta({ examples: ['invalid_client'] }),
      }),
    ),
    received: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({
        description: 'What the provider said of the person; what is secret, masked',
        examples: [{ sub: '248289761001', email: 'ada@example.com', groups: ['Analysts'] }],
      }),
    user_id: Id.nullable(),
    email: z
      .string()
      .nullable()
      .meta({ examples: ['ada@example.com'] }),
    ip: z
      .string()
      .nullable()
      .meta({ examples: ['192.0.2.1'] }),
    started_at: Timestamp,
    finished_at: Timestamp.nullable(),
  })
  .meta({ id: 'SsoAttempt' });

interface AttemptRow
  extends Omit<z.output<typeof Attempt>, 'outcome' | 'explanation' | 'started_at' | 'finished_at'> {
  outcome: 'pending' | 'succeeded' | 'failed';
  started_at: Date;
  finished_at: Date | null;
}

const log = newestFirst('sso_attempts');

export const listAttempts = endpoint(
  {
    operation: 'listSsoAttempts',
    method: 'get',
    path: '/sso/providers/:provider_id/attempts',
    summary: 'Sign-ins and logouts at a provider, step by step',
    description: 'Newest first; kept for 30 days, those from which nobody came back for a day.',
    caller: 'admin',
    activeOrganization: true,
    clients: true,
    params: Named,
    query: z.object({
      kind: Kind.optional(),
      outcome: z.enum(['pending', 'succeeded', 'failed']).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
      ...log.query,
    }),
    answer: z.object({ attempts: z.array(Attempt), ...log.answer }),
    errors: [ProviderNotFound],
  },
  async ({ params, query: { kind, outcome, cursor, limit }, caller, db }) => {
    const { id } = await providerOf(db, caller.organizationId, params.provider_id);
    const found = db('attempts').where({ provider_id: id });
    if (kind !== undefined) found.where({ kind });
    if (outcome !== undefined) found.where({ outcome });
    found.select(
      'id',
      'kind',
      'begun_by',
      'outcome',
      'reason',
      'steps',
      'received',
      'user_id',
      'email',
      'ip',
      'started_at',
      'finished_at',
    );
    const { rows, next_cursor } = await log.page<AttemptRow>(found, { cursor, from: 0, limit });
    return { attempts: rows.map(shown), next_cursor };
  },
);

function shown({ outcome, ...row }: AttemptRow) {
  const isOld = Date.now() - row.started_at.getTime() > 1_000 * FLOW_SECONDS;
  return {
    ...row,
    outcome: outcome === 'pending' && isOld ? ('abandoned' as const) : outcome,
    explanation: row.reason === null ? null : explanationOf(row.reason),
  };
}
