import { memberPrincipal } from '@rivergate/contracts';
import { type Call, Failure, OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { endpoint } from '../endpoint.ts';
import { ClientHeaders, clientCredentials, requiredClient } from './client-authentication.ts';
import { holdClient, touchClient } from './client-store.ts';
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
import { isWithoutApplication } from './token-store.ts';

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
    async prepare({ body, headers, call, knex, clients, ...tools }) {
      // First what may ask for another try: an assertion counts once.
      const key = await provenKey(tools, '/oauth/token', headers.dpop);
      const credentials = await clientCredentials({ ...tools, knex }, headers.authorization, body);
      return {
        key,
        credentials,
        remembered: forItself(body) && credentials ? clients.recall(credentials.clientId) : undefined,
        isMember: await isHolderMember({ call, knex }, body),
      };
    },
    async handle({ body, prepared, db, emit, afterCommit, clients, keys, settings, nonces }) {
      const { key, credentials, remembered, isMember } = prepared;
      const client = await requiredClient(db, credentials, remembered ? async () => remembered : holdClient);
      const grant = GRANTS.get(body.grant_type);
      if (!grant) throw UnsupportedGrantType();
      if (client.dpop_bound_access_tokens && key === null)
        throw InvalidDpopProof('The client has registered that it always sends a DPoP proof');
      const isRemembered = remembered !== undefined;
      const tools = { db, emit, keys, settings, isRemembered, provenKey: key };
      const issued = await grant.issue(tools, client, body, isMember);
      await touchClient(db, client);
      if (issued instanceof Failure) return issued;
      if (forItself(body) && !isRemembered) afterCommit(async () => clients.keep(client));
      const nonce = key === null ? {} : nonceHeader(nonces);
      return reply(issued, { headers: { ...OAUTH_HEADERS, ...nonce } });
    },
    // By what is remembered nothing is refused, and nothing issued that no longer holds: the row decides.
    again({ prepared, cause, clients }) {
      const { remembered } = prepared;
      if (!remembered) return undefined;
      // A wrong secret forgets nothing: whoever knows a client's name could have it read each time.
      if (isWithoutApplication(cause)) clients.forget(remembered.client_id);
      else if (!(cause instanceof Failure)) return undefined;
      return { ...prepared, remembered: undefined };
    },
  },
);

/** Whether it is for the client alone. */
const forItself = ({ grant_type }: TokenRequest) => grant_type === 'client_credentials';

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
