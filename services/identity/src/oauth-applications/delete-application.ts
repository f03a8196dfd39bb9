import { Id } from '@rivergate/endpoint';
import { oauthApplicationDeleted } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { revokeTokens } from '../oauth/revoke-tokens.ts';
import { ApplicationNotFound } from './application.ts';
import { forgetApplication, lockApplication } from './application-store.ts';

export const deleteApplication = endpoint(
  {
    operation: 'deleteOauthApplication',
    method: 'delete',
    path: '/organizations/:org_id/oauth-applications/:app_id',
    summary: 'Delete an OAuth client',
    description: 'For good. Its codes and tokens stop working at once.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, app_id: Id }),
    message: 'Application deleted',
    messageInData: true,
    errors: [ApplicationNotFound],
  },
  async ({ params, db, emit }) => {
    const { id, client_id, name } = await lockApplication(db, {
      organization_id: params.org_id,
      id: params.app_id,
    });
    const owner = { id, client_id, organization_id: params.org_id };
    await revokeTokens({ db, emit }, owner, {}, 'application_deleted');
    await forgetApplication(db, id);
    await emit(oauthApplicationDeleted, { aggregateId: id, data: { application_id: id, client_id, name } });
  },
);
