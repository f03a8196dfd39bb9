import { memberPrincipal } from '@rivergate/contracts';
import { type Call, Failure, OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { endpoint } from '../endpoint.ts';
import { ClientHeaders, clientCredentials, requiredClient } from './client-authentication.ts';
import { touchClient } from './client-store.ts';
import { GRANTS } from './grants.ts';
import { IssuedTokens } from './issue.ts';
import {
  AccessDenied,
  AuthorizationPending,
  ExpiredToken,
  InvalidClient,
  InvalidDpopProof,
  InvalidGrant,
  InvalidRequest,
  InvalidScope,
  InvalidTarget,
  SlowDown,
  UnauthorizedClient,
  UnsupportedGrantType,
  UseDpopNonce,
} from './oauth-errors.ts';
import { DpopHeader, nonceHeader, provenKey } from './proven-key.ts';
import { TokenRequest } from './token-request.ts';

export const token = endpoint(
  {
    operation: 'issueOauthTokens',
    method: 'post',
    path: '/oauth/token',
    summary: 'Tokens for an OAuth client: by code, by refresh token, for a device, or for itself',
    description:
      'The client authenticates itself as it is registered: by HTTP Basic, by client_id and client_secret, by an assertion, ' +
      'or, where it has neither secret nor key, by client_id alone. A code and a refresh token work once; a second use ends all that the first led ' +
      'to. With a DPoP proof the access token is bound to its key.',
    caller: 'client',
    protocol: 'oauth',
    headers: ClientHeaders.extend({ dpop: DpopHeader }),
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
      InvalidTarget,
      AuthorizationPending,
      SlowDown,
      AccessDenied,
      ExpiredToken,
      InvalidDpopProof,
      UseDpopNonce,
    ],
    idempotency: false,
  },
  {
    // Before the transaction: a slow organization holds no connection.
    async prepare({ body, headers, call, knex, ...tools }) {
      // First what may ask for another try: an assertion counts once.
      const key = await provenKey(tools, '/oauth/token', headers.dpop);
      const credentials = await clientCredentials({ ...tools, knex }, headers.authorization, body);
      return { key, credentials, isMember: await isHolderMember({ call, knex }, body) };
    },
    async handle({ body, prepared: { key, credentials, isMember }, db, emit, keys, settings, nonces }) {
      const client = await requiredClient(db, credentials);
      const grant = GRANTS.get(body.grant_type);
      if (!grant) throw UnsupportedGrantType();
      if (client.dpop_bound_access_tokens && key === null)
        throw InvalidDpopProof('The client has registered that it always sends a DPoP proof');
      const issued = await grant.issue({ db, emit, keys, settings, provenKey: key }, client, body, isMember);
      await touchClient(db, client);
      if (issued instanceof Failure) return issued;
      const nonce = key === null ? {} : nonceHeader(nonces);
      return reply(issued, { headers: { ...OAUTH_HEADERS, ...nonce } });
    },
  },
);

/** Whether the user for whom what is spent acts belongs to the organization of the application; null where there is none. */
async function isHolderMember(
  { call, knex }: { call: Call; knex: Knex },
  body: TokenRequest,
): Promise<boolean | null> {
  const holder = await GRANTS.get(body.grant_type)?.holder?.(knex, body);
  if (!holder) return null;
  const { organization_id, user_id } = holder;
  return (await call(memberPrincipal, { params: { organization_id, user_id } })).member;
}
