import { Id, NotFound, reply, Timestamp, UpstreamUnavailable } from '@rivergate/endpoint';
import { ssoNoticesSent } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, requireActive } from './active-organization.ts';
import { REMINDERS } from './notice-kind.ts';
import { noteNotices } from './notices.ts';
import { planOf } from './plan-store.ts';
import { MemberReadiness, readinessOf, shownReadiness, Totals, totalsOf } from './readiness.ts';

const ACTIONS = [...REMINDERS, 'generate_migration_report'] as const;

export const bulkAction = endpoint(
  {
    operation: 'runSsoBulkAction',
    method: 'post',
    path: '/sso/enforcement/bulk-action/:organization_id',
    summary: 'Send reminders or make the migration report',
    description:
      'Of the named members, or of every one. Reminders go to those who still lack it, are not exempt, and got none of the kind ' +
      'within 24 hours.',
    caller: 'admin',
    activeOrganization: true,
    params: Named,
    query: z.object({ action: z.enum(ACTIONS) }),
    body: z.object({
      user_ids: z
        .array(Id)
        .min(1)
        .max(1_000)
        .refine(ids => new Set(ids).size === ids.length, {
          error: 'names somebody twice',
          params: { code: 'duplicate' },
        })
        .optional()
        .meta({ description: 'Default: every member' }),
    }),
    answer: z.object({
      action: z.enum(ACTIONS),
      users_affected: z.int(),
      report: z
        .object({ generated_at: Timestamp, totals: Totals, members: z.array(MemberReadiness) })
        .optional()
        .meta({ description: 'Of generate_migration_report' }),
    }),
    message: 'Bulk action executed successfully',
    messageInData: true,
    errors: [NotFound, UpstreamUnavailable],
    timeout: 60_000,
  },
  {
    async prepare({ params, body, caller, call, briefly }) {
      requireActive(caller, params.organization_id);
      const plan = await briefly(db => planOf(db, caller.organizationId));
      const userIds = body.user_ids ?? null;
      return await readinessOf({ call, briefly }, caller.organizationId, plan, userIds);
    },
    async handle({ query: { action }, caller, prepared: members, db, emit }) {
      const { organizationId } = caller;
      const reported = action === 'generate_migration_report';
      const users_affected = reported
        ? members.length
        : await noteNotices(db, organizationId, action, members);
      const data = { organization_id: organizationId, kind: action, members: users_affected };
      await emit(ssoNoticesSent, { aggregateId: organizationId, organizationId, data });
      const report = {
        generated_at: new Date(),
        totals: totalsOf(members),
        members: members.map(shownReadiness),
      };
      const answer = { action, users_affected, ...(reported ? { report } : {}) };
      return reply(answer, { message: `Bulk action '${action}' executed successfully` });
    },
  },
);
