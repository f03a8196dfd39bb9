import { memberPrincipal } from '@rivergate/contracts';
import { type Call, Failure, OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { endpoint } from '../endpoint.ts';
import { ClientHeaders, requiredClient } from './client-authentication.ts';
import { touchClient } from './client-store.ts';
import { GRANTS } from './grants.ts';
import { IssuedTokens } from './issue.ts';
import {
  InvalidClient,
  InvalidGrant,
  InvalidRequest,
  InvalidScope,
  UnauthorizedClient,
  UnsupportedGrantType,
} from './oauth-errors.ts';
import { TokenRequest } from './token-request.ts';

export const token = endpoint(
  {
    operation: 'issueOauthTokens',
    method: 'post',
    path: '/oauth/token',
    summary: 'Tokens for an OAuth client: by code, by refresh token, or for itself',
    description:
      'The client authenticates itself by HTTP Basic or by client_id and client_secret. A code and a refresh token work ' +
      'once; a second use ends all that the first led to.',
    caller: 'client',
    protocol: 'oauth',
    headers: ClientHeaders,
    body: TokenRequest,
    answer: IssuedTokens,
    bare: true,
    errors: [
      InvalidRequest,
      InvalidClient,
      InvalidGrant,
      UnauthorizedClient,
      UnsupportedGrantType,
      InvalidScope,
    ],
    idempotency: false,
  },
  {
    // Before the transaction: a slow organization holds no connection.
    prepare: ({ body, call, knex }) => isHolderMember({ call, knex }, body),
    async handle({ body, headers, prepared: isMember, db, emit, keys, settings }) {
      const client = await requiredClient(db, headers.authorization, body);
      const grant = GRANTS.get(body.grant_type);
      if (!grant) throw UnsupportedGrantType();
      const issued = await grant.issue({ db, emit, keys, settings }, client, body, isMember);
      await touchClient(db, client.id);
      return issued instanceof Failure ? issued : reply(issued, { headers: OAUTH_HEADERS });
    },
  },
);

/** Whether the user for whom what is spent acts belongs to the organization of the application. */
async function isHolderMember(
  { call, knex }: { call: Call; knex: Knex },
  body: TokenRequest,
): Promise<boolean> {
  const holder = await GRANTS.get(body.grant_type)?.holder?.(knex, body);
  if (!holder) return false;
  const { organization_id, user_id } = holder;
  return (await call(memberPrincipal, { params: { organization_id, user_id } })).member;
}
