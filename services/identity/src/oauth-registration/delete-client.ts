import { oauthApplicationDeleted } from '@rivergate/events';
import { endpoint } from '../endpoint.ts';
import { revokeTokens } from '../oauth/revoke-tokens.ts';
import { forgetApplication } from '../oauth-applications/application-store.ts';
import { ofRegisteredClient, ownClient } from './read-client.ts';
import { InvalidToken } from './registration-errors.ts';

export const deleteClient = endpoint(
  {
    ...ofRegisteredClient,
    operation: 'deleteRegisteredOauthClient',
    method: 'delete',
    summary: 'Delete an OAuth client that registered itself',
    description: 'For good. Its codes and tokens stop working at once.',
    status: 204,
    errors: [InvalidToken],
    idempotency: false,
  },
  async ({ db, emit, ...request }) => {
    const { client } = await ownClient(db, request);
    const { id, client_id, name, organization_id } = client;
    await revokeTokens({ db, emit }, client, {}, 'application_deleted');
    await forgetApplication(db, id);
    const data = { application_id: id, client_id, name };
    await emit(oauthApplicationDeleted, { aggregateId: id, organizationId: organization_id, data });
  },
);
