import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Application } from './application.ts';
import { applicationsOf, COLUMNS } from './application-store.ts';

const applications = organizationList('applications', Application);

export const listApplications = endpoint(
  {
    operation: 'listOauthApplications',
    method: 'get',
    path: '/organizations/:org_id/oauth-applications',
    summary: 'OAuth clients of the organization, the newest first',
    description: 'Active and revoked ones, without their secrets.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    query: applications.query,
    answer: applications.answer.extend({
      total: z.int().meta({ description: 'The same number as total_count' }),
    }),
    message: 'Applications of the organization',
    messageInData: true,
  },
  async ({ params, query, db }) => {
    const page = await applications.page(applicationsOf(db, params.org_id), query, {
      read: found => found.select(COLUMNS).orderBy('id', 'desc'),
    });
    return { ...page, total: page.total_count };
  },
);
