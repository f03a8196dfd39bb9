import { Timestamp } from '@rivergate/endpoint';
import { scimReleased } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { requireOrganizationAccount } from '../../organizations/organization-account.ts';

export const release = endpoint(
  {
    operation: 'releaseScim',
    method: 'post',
    path: '/sso/scim/release',
    summary: 'Let deprovisioning by SCIM go on that was stopped',
    description: 'For some time nothing stops it. What the client was refused it sends again by itself.',
    caller: 'admin',
    activeOrganization: true,
    body: z.object({ minutes: z.int().min(1).max(1_440).default(60) }),
    answer: z.object({ released_until: Timestamp }),
    message: 'Deprovisioning goes on',
  },
  async ({ body, caller, db, emit }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const until = new Date(Date.now() + body.minutes * 60_000);
    await db('scim_settings')
      .where({ organization_id: organizationId })
      .update({ stopped_at: null, released_until: until });
    const data = { organization_id: organizationId, until: until.toISOString() };
    await emit(scimReleased, { aggregateId: organizationId, data });
    return { released_until: until };
  },
);
