import { json } from '@rivergate/endpoint';
import { changesOf, oauthApplicationChanged } from '@rivergate/events';
import { equal, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { InvalidRequest } from '../oauth/oauth-errors.ts';
import { takeAway } from '../oauth-applications/take-away.ts';
import { clientMetadata, registeredAs } from './client-metadata.ts';
import { changeClient } from './client-store.ts';
import { ofRegisteredClient, ownClient } from './read-client.ts';
import { ClientInformation, informationOf } from './registered-client.ts';
import { InvalidClientMetadata, InvalidRedirectUri, InvalidToken } from './registration-errors.ts';

const word = z.string().max(255).optional();
/** What the answer of a registration holds and a change must not (RFC 7592, section 2.2). */
const notToBeSent = {
  registration_access_token: word,
  registration_client_uri: z.string().max(2_000).optional(),
  client_secret_expires_at: z.int().optional(),
  client_id_issued_at: z.int().optional(),
};

export const updateClient = endpoint(
  {
    ...ofRegisteredClient,
    operation: 'updateRegisteredOauthClient',
    method: 'put',
    summary: 'Replace what is registered of an OAuth client that registered itself',
    description:
      'All of it: what is left out is as if it had never been said. Scopes can only become fewer, and the way in which the ' +
      'client proves itself stays. What is taken away is lost to codes and tokens that are out already.',
    accepts: [json()],
    body: z.object({
      ...clientMetadata,
      client_id: z
        .string()
        .max(255)
        .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
      client_secret: word.meta({ description: 'The one that the client has, if at all' }),
      ...notToBeSent,
    }),
    bodyLimit: 64 * 1024,
    answer: ClientInformation,
    errors: [InvalidRequest, InvalidRedirectUri, InvalidClientMetadata, InvalidToken],
    idempotency: false,
  },
  async ({ body, db, emit, settings: { publicUrl }, ...request }) => {
    const { client: before, token } = await ownClient(db, request);
    const { client_id, client_secret } = body;
    if (Object.keys(notToBeSent).some(name => body[name as keyof typeof notToBeSent] !== undefined))
      throw InvalidRequest('What the answer tells of token, address and times is not sent back');
    if (client_id !== before.client_id) throw InvalidRequest('client_id is that of the address');
    if (client_secret !== undefined && !equal(tokenHash(client_secret), before.secret_hash ?? ''))
      throw InvalidRequest('client_secret is not that of the client');
    const method = before.token_endpoint_auth_method ?? 'client_secret_basic';
    const bounds = { scopes: before.scopes, authMethods: [method] };
    const change = registeredAs(body, bounds, publicUrl);
    await changeClient(db, before, change);
    const after = { ...before, ...change };
    await takeAway({ db, emit }, before.organization_id, before, after);
    const { id, name, grant_types, scopes, status } = after;
    await emit(oauthApplicationChanged, {
      aggregateId: id,
      organizationId: before.organization_id,
      data: {
        application_id: id,
        client_id,
        fields: Object.keys(change),
        name,
        grant_types,
        scopes,
        status,
        changes: changesOf<object>(before, change),
      },
    });
    return informationOf(after, { publicUrl, token });
  },
);
