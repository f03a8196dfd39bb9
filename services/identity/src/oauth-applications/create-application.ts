import { Id } from '@rivergate/endpoint';
import { oauthApplicationCreated } from '@rivergate/events';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { usableKeySet } from '../oauth/client-assertion/key-set.ts';
import { mayUseApplications } from '../organizations/policy-store.ts';
import {
  ApplicationExists,
  ApplicationsSwitchedOff,
  applicationFields,
  CreatedApplication,
  requireSound,
  TokenEndpointAuthMethod,
  takesSecret,
} from './application.ts';
import { insertApplication } from './application-store.ts';

export const createApplication = endpoint(
  {
    operation: 'createOauthApplication',
    method: 'post',
    path: '/organizations/:org_id/oauth-applications',
    summary: 'Register an OAuth client',
    description:
      'Active at once. The secret of a client is in this answer and never again; one whose token_endpoint_auth_method is none or ' +
      'private_key_jwt has none.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    body: z.object({
      ...applicationFields,
      description: applicationFields.description.optional(),
      access_level: applicationFields.access_level.default('organization'),
      token_endpoint_auth_method: TokenEndpointAuthMethod.default(null),
      require_pushed_authorization_requests:
        applicationFields.require_pushed_authorization_requests.default(false),
      id_token_signed_response_alg: applicationFields.id_token_signed_response_alg.default('ES256'),
      post_logout_redirect_uris: applicationFields.post_logout_redirect_uris.default([]),
      backchannel_logout_uri: applicationFields.backchannel_logout_uri.default(null),
      jwks: applicationFields.jwks.default(null),
      jwks_uri: applicationFields.jwks_uri.default(null),
      dpop_bound_access_tokens: applicationFields.dpop_bound_access_tokens.default(false),
    }),
    answer: CreatedApplication,
    status: 201,
    message: 'Application registered; its secret is not shown again',
    messageInData: true,
    errors: [ApplicationExists, ApplicationsSwitchedOff],
    idempotency: { seconds: 60, randomKey: true },
  },
  async ({ params, body, caller, db, emit, settings }) => {
    requireSound(body, settings.publicUrl);
    if (!(await mayUseApplications(db, params.org_id))) throw ApplicationsSwitchedOff();
    const secret = takesSecret(body.token_endpoint_auth_method) ? prefixedToken('secret') : undefined;
    const { last_used_at: _, ...application } = await insertApplication(db, {
      ...body,
      description: body.description ?? null,
      jwks: body.jwks && usableKeySet(body.jwks)!,
      organization_id: params.org_id,
      session_id: caller.sessionId,
      secret_hash: secret === undefined ? null : tokenHash(secret),
    });
    const { id, client_id, name, grant_types, scopes } = application;
    await emit(oauthApplicationCreated, {
      aggregateId: id,
      data: { application_id: id, client_id, name, grant_types, scopes },
    });
    return { ...application, ...(secret === undefined ? {} : { client_secret: secret }) };
  },
);
