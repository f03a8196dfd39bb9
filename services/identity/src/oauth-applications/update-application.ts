import { Id } from '@rivergate/endpoint';
import { changesOf, oauthApplicationChanged } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  ApplicationChanged,
  ApplicationExists,
  ApplicationNotFound,
  applicationFields,
  requireSound,
  Status,
} from './application.ts';
import { changeApplication, lockApplication } from './application-store.ts';
import { takeAway } from './take-away.ts';

const {
  name,
  description,
  grant_types,
  redirect_uris,
  scopes,
  access_level,
  require_pushed_authorization_requests,
  id_token_signed_response_alg,
  post_logout_redirect_uris,
  backchannel_logout_uri,
  jwks,
  jwks_uri,
  dpop_bound_access_tokens,
} = applicationFields;

export const updateApplication = endpoint(
  {
    operation: 'updateOauthApplication',
    method: 'patch',
    path: '/organizations/:org_id/oauth-applications/:app_id',
    summary: 'Update an OAuth client',
    description:
      'Fields left out keep their value, lists are replaced. What is taken away is lost to tokens and codes that are out ' +
      'already: a scope, a grant type, a redirect URI. Status revoked ends all of them; active lets the application get ' +
      'new ones.',
    caller: 'admin',
    session: true,
    params: z.object({ org_id: Id, app_id: Id }),
    body: z
      .object({
        name: name.optional(),
        description: description.nullable().optional(),
        grant_types: grant_types.optional(),
        redirect_uris: redirect_uris.optional(),
        scopes: scopes.optional(),
        access_level: access_level.optional(),
        require_pushed_authorization_requests: require_pushed_authorization_requests.optional(),
        id_token_signed_response_alg: id_token_signed_response_alg.optional(),
        post_logout_redirect_uris: post_logout_redirect_uris.optional(),
        backchannel_logout_uri: backchannel_logout_uri.optional(),
        jwks: jwks.optional(),
        jwks_uri: jwks_uri.optional(),
        dpop_bound_access_tokens: dpop_bound_access_tokens.optional(),
        status: Status.optional(),
      })
      .meta({ examples: [{ scopes: ['read'] }] }),
    answer: ApplicationChanged,
    message: 'Application updated',
    errors: [ApplicationExists, ApplicationNotFound],
  },
  async ({ params, body, db, emit, settings }) => {
    const before = await lockApplication(db, { organization_id: params.org_id, id: params.app_id });
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const after = { ...before, ...given };
    requireSound(after, settings.publicUrl);
    const { created_at: _, last_used_at: __, ...application } = after;
    const fields = Object.keys(given);
    if (fields.length === 0) return application;
    await changeApplication(db, before.id, given);
    await takeAway({ db, emit }, params.org_id, before, after);
    const { id, client_id, status } = after;
    await emit(oauthApplicationChanged, {
      aggregateId: id,
      data: {
        application_id: id,
        client_id,
        fields,
        name: after.name,
        grant_types: after.grant_types,
        scopes: after.scopes,
        status,
        changes: changesOf<object>(before, given),
      },
    });
    return application;
  },
);
