import { BreakGlassRequired, provenSignIns, setSsoRequirement } from '@rivergate/contracts';
import { error, Id, NotFound, Timestamp, UpstreamUnavailable, ValidationFailed } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, requireActive } from './active-organization.ts';
import { hasTestedProvider, keepEnforcement, lockEnforcement, requirementOf } from './enforcement-store.ts';

export const NoTestedProvider = error(
  'NO_TESTED_PROVIDER',
  409,
  'The organization has no active identity provider at which somebody has signed in since it was last changed',
);
export const BreakGlassUnproved = error(
  'BREAK_GLASS_UNPROVED',
  409,
  'Whoever is let in without the identity provider has to have signed in by two factors or a passkey within 30 days',
);

const refused = (code: 'required' | 'not_allowed', reason: string) =>
  ValidationFailed(undefined, [{ field: 'body.break_glass_user_ids', code, reason }]);

export const enforceSso = endpoint(
  {
    operation: 'enforceSso',
    method: 'post',
    path: '/sso/enforcement/enforce/:organization_id',
    summary: 'Enforce SSO, or lift it; break-glass administrators are kept',
    description:
      'Enforced, people act in the organization only in sessions that its identity provider opened, and by tokens made in ' +
      'these; anything else is 403 SSO_REQUIRED, from the next request on. The named administrators, and who is exempt by ' +
      'the plan, go on as before. Enforcing again replaces who is named. Lifted, everything counts again that has not ended.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    params: Named,
    body: z
      .object({
        enforce: z.boolean(),
        break_glass_user_ids: z
          .array(Id)
          .min(1)
          .max(10)
          .refine(ids => new Set(ids).size === ids.length, {
            error: 'names somebody twice',
            params: { code: 'duplicate' },
          })
          .optional()
          .meta({ description: 'With enforce: active administrators who are let in without' }),
      })
      .meta({ examples: [{ enforce: false }, { enforce: true, break_glass_user_ids: [5] }] }),
    answer: z.object({
      enforced: z.boolean(),
      break_glass_user_ids: z.array(Id),
      changed_at: Timestamp,
    }),
    message: 'SSO enforcement changed successfully',
    messageInData: true,
    errors: [NotFound, NoTestedProvider, BreakGlassRequired, BreakGlassUnproved, UpstreamUnavailable],
  },
  {
    check({ body: { enforce, break_glass_user_ids } }) {
      if (enforce && break_glass_user_ids === undefined) throw refused('required', 'is required to enforce');
      if (!enforce && break_glass_user_ids !== undefined) throw refused('not_allowed', 'goes with enforce');
    },
    async prepare({ params, body, caller, call }) {
      requireActive(caller, params.organization_id);
      const user_ids = body.break_glass_user_ids ?? [];
      if (user_ids.length === 0) return;
      const isBound = caller.sessionBoundTo === caller.organizationId;
      if (!isBound && !user_ids.includes(caller.userId))
        throw refused(
          'not_allowed',
          'would lock you out: name yourself, or sign in by the identity provider',
        );
      const { user_ids: proven } = await call(provenSignIns, { body: { user_ids } });
      const unproved = user_ids.filter(userId => !proven.includes(userId));
      if (unproved.length > 0)
        throw BreakGlassUnproved(
          undefined,
          unproved.map(userId => ({
            field: 'body.break_glass_user_ids',
            code: 'not_allowed' as const,
            reason: String(userId),
          })),
        );
    },
    async handle({ body, caller, db, call, appUrl }) {
      const { organizationId } = caller;
      const { enforce, break_glass_user_ids = [] } = body;
      // Of those who enforce, lift, and take providers away, one is at work at a time.
      await lockEnforcement(db, organizationId);
      if (enforce && !(await hasTestedProvider(db, organizationId))) throw NoTestedProvider();
      const named = { organization_id: organizationId, break_glass_user_ids };
      const requirement = await requirementOf(db, named, appUrl);
      // Behind the lock, so that both say the same; what is lost with this process, organization's event makes up for.
      const { revision } = await call(setSsoRequirement, {
        params: { org_id: organizationId },
        body: { requirement: enforce ? requirement : null },
      });
      const changed = { ...named, revision, enforced: enforce };
      const changed_at = new Date();
      await keepEnforcement(db, changed, changed_at.toISOString());
      return { enforced: enforce, break_glass_user_ids, changed_at };
    },
  },
);
