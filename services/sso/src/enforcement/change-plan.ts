import { BreakGlassRequired, setSsoRequirement } from '@rivergate/contracts';
import { NotFound, UpstreamUnavailable } from '@rivergate/endpoint';
import { changesOf, ssoMigrationPlanChanged } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, requireActive } from './active-organization.ts';
import { keepEnforcement, lockEnforcement, requirementOf } from './enforcement-store.ts';
import { Plan, PlanChange, shownPlan } from './plan.ts';
import {
  type Exemption,
  exemptionsOf,
  keepPlan,
  NO_PLAN,
  type PlanSettings,
  phaseOf,
  planOf,
  replaceExemptions,
} from './plan-store.ts';
import { readinessOf } from './readiness.ts';

const moment = (text: string | null) => (text === null ? null : new Date(text));

export const changePlan = endpoint(
  {
    operation: 'changeSsoMigrationPlan',
    method: 'post',
    path: '/sso/enforcement/plan/:organization_id',
    summary: 'Create or change the migration plan: phases, deadlines, exemptions',
    description:
      'Fields left out keep their value; a list that is given replaces the one before. A deadline enforces nothing: it says ' +
      'by when members are to be ready, and reminds them. Where SSO is enforced, who is exempt changes with the answer.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    params: Named,
    body: PlanChange,
    answer: z.object({ plan: Plan }),
    message: 'Migration plan saved successfully',
    messageInData: true,
    errors: [NotFound, BreakGlassRequired, UpstreamUnavailable],
  },
  {
    async prepare({ params, body, caller, call, briefly }) {
      requireActive(caller, params.organization_id);
      const exempt = body.exemptions?.map(({ user_id }) => user_id) ?? [];
      if (exempt.length > 0) await readinessOf({ call, briefly }, caller.organizationId, NO_PLAN, exempt);
    },
    async handle({ body, caller, db, emit, call, appUrl }) {
      const { organizationId, userId } = caller;
      const enforcement = await lockEnforcement(db, organizationId);
      const before = await planOf(db, organizationId);
      const toldBefore = told(before, await exemptionsOf(db, organizationId));
      const plan = {
        announce_at: body.announce_at === undefined ? before.announce_at : moment(body.announce_at),
        mfa_deadline: body.mfa_deadline === undefined ? before.mfa_deadline : moment(body.mfa_deadline),
        sso_deadline: body.sso_deadline === undefined ? before.sso_deadline : moment(body.sso_deadline),
        reminder_days: body.reminder_days ?? before.reminder_days,
      };
      await keepPlan(db, organizationId, plan);
      if (body.exemptions) {
        await replaceExemptions(db, { organizationId, createdBy: userId }, body.exemptions);
        if (enforcement.enforced) {
          const { revision } = await call(setSsoRequirement, {
            params: { org_id: organizationId },
            body: { requirement: await requirementOf(db, enforcement, appUrl) },
          });
          await keepEnforcement(db, { ...enforcement, revision }, new Date().toISOString());
        }
      }
      const exemptions = await exemptionsOf(db, organizationId);
      const after = told(plan, exemptions);
      const data = { organization_id: organizationId, ...after, changes: changesOf(toldBefore, after) };
      await emit(ssoMigrationPlanChanged, { aggregateId: organizationId, organizationId, data });
      return { plan: shownPlan(plan, phaseOf(plan, enforcement.enforced, new Date()), exemptions) };
    },
  },
);

/** As events say it. */
const told = (plan: PlanSettings, exemptions: readonly Exemption[]) => ({
  announce_at: plan.announce_at?.toISOString() ?? null,
  mfa_deadline: plan.mfa_deadline?.toISOString() ?? null,
  sso_deadline: plan.sso_deadline?.toISOString() ?? null,
  reminder_days: plan.reminder_days,
  exempt_user_ids: exemptions.map(({ user_id }) => user_id),
});
