import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { ApplicationNotFound } from './application.ts';
import { suspendApplication } from './suspend-application.ts';

export const revokeApplication = endpoint(
  {
    operation: 'revokeOauthApplication',
    method: 'post',
    path: '/organizations/:org_id/oauth-applications/:app_id/revoke',
    summary: 'Suspend an OAuth client',
    description: 'Its codes and tokens die for good. updateOauthApplication makes it active again.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, app_id: Id }),
    message: 'Application revoked',
    messageInData: true,
    errors: [ApplicationNotFound],
  },
  async ({ params, db, emit }) => {
    await suspendApplication({ db, emit }, { organization_id: params.org_id, id: params.app_id });
  },
);
