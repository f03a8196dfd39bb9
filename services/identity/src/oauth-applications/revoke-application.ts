import { Id } from '@rivergate/endpoint';
import { changesOf, oauthApplicationChanged } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { revokeTokens } from '../oauth/revoke-tokens.ts';
import { ApplicationNotFound } from './application.ts';
import { changeApplication, lockApplication } from './application-store.ts';

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
    const own = { organization_id: params.org_id, id: params.app_id };
    const { status, ...application } = await lockApplication(db, own);
    if (status === 'revoked') return;
    const { id, client_id, name, grant_types, scopes } = application;
    await changeApplication(db, id, { status: 'revoked' });
    const owner = { id, client_id, organization_id: params.org_id };
    await revokeTokens({ db, emit }, owner, {}, 'application_revoked');
    await emit(oauthApplicationChanged, {
      aggregateId: id,
      data: {
        application_id: id,
        client_id,
        fields: ['status'],
        name,
        grant_types,
        scopes,
        status: 'revoked',
        changes: changesOf<{ status: string }>({ status }, { status: 'revoked' }),
      },
    });
  },
);
