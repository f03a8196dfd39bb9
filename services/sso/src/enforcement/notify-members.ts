import { NotFound, UpstreamUnavailable } from '@rivergate/endpoint';
import { ssoNoticesSent } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, requireActive } from './active-organization.ts';
import { NOTIFICATIONS } from './notice-kind.ts';
import { noteNotices, noticesOf } from './notices.ts';
import { planOf } from './plan-store.ts';
import { readinessOf } from './readiness.ts';

export const notifyMembers = endpoint(
  {
    operation: 'notifySsoMembers',
    method: 'post',
    path: '/sso/enforcement/notifications/:organization_id',
    summary: 'Notify members of MFA setup, SSO migration or coming enforcement',
    description:
      'mfa_setup goes to members without MFA, sso_migration to those without an identity at a provider, enforcement_warning ' +
      'to those who do not meet the plan. Each member gets the same at most once in 24 hours; nobody who is exempt does. The ' +
      'mails are made in batches after the answer; the status says how far they are.',
    caller: 'admin',
    activeOrganization: true,
    params: Named,
    query: z.object({ notification_type: z.enum(NOTIFICATIONS) }),
    answer: z.object({
      notifications_sent: z.int(),
      notifications_waiting: z
        .int()
        .meta({ description: 'Mails of this type that are not made yet, with those of requests before' }),
      notification_type: z.enum(NOTIFICATIONS),
    }),
    message: 'Migration notifications sent successfully',
    messageInData: true,
    errors: [NotFound, UpstreamUnavailable],
    timeout: 60_000,
  },
  {
    async prepare({ params, caller, call, briefly }) {
      requireActive(caller, params.organization_id);
      const plan = await briefly(db => planOf(db, caller.organizationId));
      return await readinessOf({ call, briefly }, caller.organizationId, plan, null);
    },
    async handle({ query: { notification_type }, caller, prepared: members, db, emit }) {
      const { organizationId } = caller;
      const sent = await noteNotices(db, organizationId, notification_type, members);
      const data = { organization_id: organizationId, kind: notification_type, members: sent };
      await emit(ssoNoticesSent, { aggregateId: organizationId, organizationId, data });
      const runs = await noticesOf(db, organizationId);
      const { waiting = 0 } = runs.find(({ kind }) => kind === notification_type) ?? {};
      return { notifications_sent: sent, notifications_waiting: waiting, notification_type };
    },
  },
);
