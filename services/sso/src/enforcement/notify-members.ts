import { NotFound, UpstreamUnavailable } from '@rivergate/endpoint';
import { ssoNoticesSent } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, requireActive } from './active-organization.ts';
import { NOTIFICATIONS } from './notice-kind.ts';
import { sendNotices } from './notices.ts';
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
      'to those who do not meet the plan. Each member gets the same at most once in 24 hours; nobody who is exempt does.',
    caller: 'admin',
    activeOrganization: true,
    params: Named,
    query: z.object({ notification_type: z.enum(NOTIFICATIONS) }),
    answer: z.object({ notifications_sent: z.int(), notification_type: z.enum(NOTIFICATIONS) }),
    message: 'Migration notifications sent successfully',
    messageInData: true,
    errors: [NotFound, UpstreamUnavailable],
    timeout: 60_000,
  },
  {
    async prepare({ params, caller, call, briefly }) {
      requireActive(caller, params.organization_id);
      const plan = await briefly(db => planOf(db, caller.organizationId));
      const members = await readinessOf({ call, briefly }, caller.organizationId, plan, null);
      return { plan, members };
    },
    async handle({ query: { notification_type }, caller, prepared, db, emit, mailer, publicUrl }) {
      const { organizationId } = caller;
      const { plan, members } = prepared;
      const tools = { db, mailer, publicUrl };
      const sent = await sendNotices(tools, organizationId, notification_type, members, plan);
      const data = { organization_id: organizationId, kind: notification_type, members: sent };
      await emit(ssoNoticesSent, { aggregateId: organizationId, organizationId, data });
      return { notifications_sent: sent, notification_type };
    },
  },
);
