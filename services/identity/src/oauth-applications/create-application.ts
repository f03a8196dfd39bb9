import { Id } from '@rivergate/endpoint';
import { oauthApplicationCreated } from '@rivergate/events';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  ApplicationExists,
  applicationFields,
  CreatedApplication,
  requireRedirectUri,
} from './application.ts';
import { insertApplication } from './application-store.ts';

export const createApplication = endpoint(
  {
    operation: 'createOauthApplication',
    method: 'post',
    path: '/organizations/:org_id/oauth-applications',
    summary: 'Register an OAuth client',
    description: 'A confidential client, active at once. Its secret is in this answer and never again.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    body: z.object({
      ...applicationFields,
      description: applicationFields.description.optional(),
      access_level: applicationFields.access_level.default('organization'),
      id_token_signed_response_alg: applicationFields.id_token_signed_response_alg.default('ES256'),
      post_logout_redirect_uris: applicationFields.post_logout_redirect_uris.default([]),
    }),
    answer: CreatedApplication,
    status: 201,
    message: 'Application registered; its secret is not shown again',
    messageInData: true,
    errors: [ApplicationExists],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    check: ({ body }) => requireRedirectUri(body),
    async handle({ params, body, db, emit }) {
      const secret = prefixedToken('secret');
      const { last_used_at: _, ...application } = await insertApplication(db, {
        ...body,
        description: body.description ?? null,
        organization_id: params.org_id,
        secret_hash: tokenHash(secret),
      });
      const { id, client_id, name, grant_types, scopes } = application;
      await emit(oauthApplicationCreated, {
        aggregateId: id,
        data: { application_id: id, client_id, name, grant_types, scopes },
      });
      return { ...application, client_secret: secret };
    },
  },
);
