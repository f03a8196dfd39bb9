import { Id } from '@rivergate/endpoint';
import { oauthClientSecretReplaced } from '@rivergate/events';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { revokeTokens } from '../oauth/revoke-tokens.ts';
import { ApplicationNotFound, ClientHasNoSecret, ClientSecret, takesSecret } from './application.ts';
import { changeApplication, lockApplication } from './application-store.ts';

export const replaceSecret = endpoint(
  {
    operation: 'regenerateOauthClientSecret',
    method: 'post',
    path: '/organizations/:org_id/oauth-applications/:app_id/regenerate-secret',
    summary: 'Replace the client secret',
    description: 'The old one dies at once, and every code and token with it.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id, app_id: Id }),
    answer: z.object({ client_secret: ClientSecret }),
    message: 'Secret replaced; the new one is not shown again',
    messageInData: true,
    errors: [ApplicationNotFound, ClientHasNoSecret],
    idempotency: { seconds: 60, randomKey: true },
  },
  async ({ params, db, emit }) => {
    const own = { organization_id: params.org_id, id: params.app_id };
    const { id, client_id, token_endpoint_auth_method } = await lockApplication(db, own);
    if (!takesSecret(token_endpoint_auth_method)) throw ClientHasNoSecret();
    const secret = prefixedToken('secret');
    await changeApplication(db, id, { secret_hash: tokenHash(secret) });
    const owner = { id, client_id, organization_id: params.org_id };
    await revokeTokens({ db, emit }, owner, {}, 'secret_replaced');
    await emit(oauthClientSecretReplaced, { aggregateId: id, data: { application_id: id, client_id } });
    return { client_secret: secret };
  },
);
