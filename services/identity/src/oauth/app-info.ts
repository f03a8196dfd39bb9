import { SCOPES } from '@rivergate/caller';
import { organizationName } from '@rivergate/contracts';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { isRegistered } from '../oauth-applications/redirect-uri.ts';
import { ScopeNotAllowed, UnknownClient, UnregisteredRedirectUri } from './answer-consent-as-json.ts';
import { authorizationParameters } from './authorization.ts';
import { clientById } from './client-store.ts';
import { requestedScopes } from './scope.ts';

const { client_id, redirect_uri, scope } = authorizationParameters;

export const appInfo = endpoint(
  {
    operation: 'getOauthConsent',
    method: 'get',
    path: '/api/v1/oauth/app-info',
    summary: 'What a consent screen shows',
    description: 'Checks client, redirect URI and scopes before the user is asked.',
    caller: 'public',
    query: z.object({ client_id, redirect_uri, scope }),
    answer: z.object({
      app_name: z.string().meta({ examples: ['Warehouse dashboard'] }),
      description: z
        .string()
        .nullable()
        .meta({ examples: ['Shows what is in stock'] }),
      scopes: z.array(z.enum(SCOPES)).meta({ description: 'Of the application' }),
      requested_scopes: z
        .array(z.enum(SCOPES))
        .meta({ description: 'Without scope, those of the application' }),
      organization_name: z.string().meta({ examples: ['Analytical Engines'] }),
    }),
    errors: [UnknownClient, UnregisteredRedirectUri, ScopeNotAllowed],
  },
  {
    async prepare({ query, call, knex }) {
      const client = await clientById(knex, query.client_id);
      if (!client) throw UnknownClient();
      if (!isRegistered(client.redirect_uris, query.redirect_uri)) throw UnregisteredRedirectUri();
      const requested = requestedScopes(query.scope, client.scopes);
      if (!requested) throw ScopeNotAllowed();
      const question = { params: { organization_id: client.organization_id } };
      return { client, requested, organization: await call(organizationName, question) };
    },
    async handle({ prepared: { client, requested, organization } }) {
      return {
        app_name: client.name,
        description: client.description,
        scopes: client.scopes,
        requested_scopes: requested,
        organization_name: organization.name,
      };
    },
  },
);
