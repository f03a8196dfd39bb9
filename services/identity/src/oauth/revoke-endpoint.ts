import { OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { authenticatedClient, ClientHeaders, clientCredentials } from './client-authentication.ts';
import { InvalidClient, InvalidGrant, InvalidRequest } from './oauth-errors.ts';
import { revokeTokens } from './revoke-tokens.ts';
import { TokenParameters } from './token-parameters.ts';
import { issuedToken, ownerOf } from './token-store.ts';

/** RFC 7009, but for the client's credentials: holding a token is enough to end it. */
export const revoke = endpoint(
  {
    operation: 'revokeOauthToken',
    method: 'post',
    path: '/oauth/token/revoke',
    summary: 'End a token of an OAuth client',
    description:
      'A refresh token takes every token of its grant with it, an access token ends alone. A token that is unknown or has ' +
      'ended is answered alike. Credentials of a client are optional; where they are given, the token has to be its own.',
    caller: 'client',
    protocol: 'oauth',
    headers: ClientHeaders,
    body: TokenParameters,
    answer: z.object({}),
    bare: true,
    errors: [InvalidRequest, InvalidClient, InvalidGrant],
    idempotency: false,
  },
  {
    prepare: ({ body, headers, ...tools }) => clientCredentials(tools, headers.authorization, body),
    async handle({ body, prepared: credentials, db, emit }) {
      const client = credentials && (await authenticatedClient(db, credentials));
      const token = await issuedToken(db, tokenHash(body.token));
      if (token && client && token.application_id !== client.id) throw InvalidGrant();
      if (token) {
        const which = token.kind === 'refresh' ? { grant_id: token.grant_id! } : { id: token.id };
        await revokeTokens({ db, emit }, await ownerOf(db, token), which, 'revoked');
      }
      return reply({}, { headers: OAUTH_HEADERS });
    },
  },
);
