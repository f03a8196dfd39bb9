import { Id, NotFound, Timestamp, UpstreamUnavailable } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, requireActive } from './active-organization.ts';
import { enforcementOf } from './enforcement-store.ts';
import { NOTIFICATIONS, REMINDERS } from './notice-kind.ts';
import { noticesOf } from './notices.ts';
import { Plan, shownPlan } from './plan.ts';
import { exemptionsOf, phaseOf, planOf } from './plan-store.ts';
import { isPending, MemberReadiness, readinessOf, shownReadiness, Totals, totalsOf } from './readiness.ts';

export const getStatus = endpoint(
  {
    operation: 'getSsoEnforcementStatus',
    method: 'get',
    path: '/sso/enforcement/status/:organization_id',
    summary: 'Readiness: who has SSO or MFA, who does not, deadline, phase',
    description: 'Of active members, by id; only=pending leaves out who is ready, and who is exempt.',
    caller: 'admin',
    activeOrganization: true,
    clients: true,
    params: Named,
    query: z.object({
      only: z.enum(['all', 'pending']).default('all'),
      skip: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(100).default(100),
    }),
    answer: z.object({
      enforced: z.boolean(),
      changed_at: Timestamp.nullable().meta({ description: 'Since when it is enforced, or lifted' }),
      break_glass_user_ids: z.array(Id),
      plan: Plan,
      totals: Totals,
      members: z.array(MemberReadiness),
      notices: z
        .array(
          z.object({
            kind: z.enum([...NOTIFICATIONS, ...REMINDERS]),
            members: z.int().meta({ description: 'Who are told' }),
            waiting: z.int().meta({ description: 'Those of them whose mail is not made yet' }),
            started_at: Timestamp,
          }),
        )
        .meta({ description: 'How far the last notices of each kind are' }),
      total_count: z.int().meta({ description: 'Of the members that the query is about' }),
    }),
    errors: [NotFound, UpstreamUnavailable],
  },
  {
    async prepare({ params, caller, call, briefly }) {
      requireActive(caller, params.organization_id);
      const plan = await briefly(db => planOf(db, caller.organizationId));
      return await readinessOf({ call, briefly }, caller.organizationId, plan, null);
    },
    async handle({ query, caller, prepared: members, db }) {
      const { organizationId } = caller;
      const enforcement = await enforcementOf(db, organizationId);
      const { enforced = false, changed_at = null, break_glass_user_ids = [] } = enforcement ?? {};
      const plan = await planOf(db, organizationId);
      const phase = phaseOf(plan, enforced, new Date());
      const asked = query.only === 'pending' ? members.filter(isPending) : members;
      return {
        enforced,
        changed_at,
        break_glass_user_ids,
        plan: shownPlan(plan, phase, await exemptionsOf(db, organizationId)),
        totals: totalsOf(members),
        members: asked.slice(query.skip, query.skip + query.limit).map(shownReadiness),
        notices: await noticesOf(db, organizationId),
        total_count: asked.length,
      };
    },
  },
);
