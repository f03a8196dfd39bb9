import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Application, ApplicationNotFound } from './application.ts';
import { applicationOf } from './application-store.ts';

export const getApplication = endpoint(
  {
    operation: 'getOauthApplication',
    method: 'get',
    path: '/organizations/:org_id/oauth-applications/:app_id',
    summary: 'An OAuth client, without its secret',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, app_id: Id }),
    answer: Application,
    message: 'Application of the organization',
    messageInData: true,
    errors: [ApplicationNotFound],
  },
  ({ params, db }) => applicationOf(db, { organization_id: params.org_id, id: params.app_id }),
);
