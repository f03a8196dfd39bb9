import { memberPrincipal } from '@rivergate/contracts';
import { type Call, Failure, OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { ClientHeaders, clientParameters, requiredClient } from './client-authentication.ts';
import { type Client, touchClient } from './client-store.ts';
import { PKCE_TEXT } from './code-challenge.ts';
import { exchangeCode } from './exchange-code.ts';
import { holderOfCode } from './grant-store.ts';
import { IssuedTokens, type IssueTools, issueTokens } from './issue.ts';
import {
  InvalidClient,
  InvalidGrant,
  InvalidRequest,
  InvalidScope,
  UnauthorizedClient,
  UnsupportedGrantType,
} from './oauth-errors.ts';
import { refreshGrant } from './refresh-grant.ts';
import { requestedScopes, ScopeParameter } from './scope.ts';
import { holderOfRefreshToken } from './token-store.ts';

const Secret = z
  .string()
  .max(512)
  .meta({ examples: ['bNTVUTUT0bEsPTiA6kqHHkDNGk9Yt5xgMlNTFJvQn1s'] });

const TokenRequest = z.object({
  grant_type: z
    .string()
    .max(255)
    .meta({
      description: 'authorization_code, refresh_token or client_credentials',
      examples: ['authorization_code'],
    }),
  ...clientParameters,
  code: Secret.optional(),
  redirect_uri: z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: 'As in the authorization request', examples: ['https://app.example.com/callback'] }),
  code_verifier: z
    .string()
    .regex(PKCE_TEXT)
    .optional()
    .meta({
      description: 'Required where there was a code_challenge, and refused where there was none',
      examples: ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'],
    }),
  refresh_token: Secret.optional(),
  scope: ScopeParameter.optional(),
});
type TokenRequest = z.infer<typeof TokenRequest>;

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
      const issued = await issue({ db, emit, keys, settings }, client, body, isMember);
      await touchClient(db, client.id);
      return issued instanceof Failure ? issued : reply(issued, { headers: OAUTH_HEADERS });
    },
  },
);

/** Whether the user for whom a code or refresh token acts belongs to the organization of the application. */
async function isHolderMember(
  { call, knex }: { call: Call; knex: Knex },
  { grant_type, code, refresh_token }: TokenRequest,
): Promise<boolean> {
  const byCode = grant_type === 'authorization_code' ? code : undefined;
  const byToken = grant_type === 'refresh_token' ? refresh_token : undefined;
  const holder =
    (byCode && (await holderOfCode(knex, tokenHash(byCode)))) ||
    (byToken && (await holderOfRefreshToken(knex, tokenHash(byToken))));
  if (!holder) return false;
  const { organization_id, user_id } = holder;
  return (await call(memberPrincipal, { params: { organization_id, user_id } })).member;
}

async function issue(tools: IssueTools, client: Client, body: TokenRequest, isMember: boolean) {
  if (body.grant_type === 'authorization_code') return exchangeCode(tools, client, body, isMember);
  if (body.grant_type === 'refresh_token') return refreshGrant(tools, client, body, isMember);
  if (body.grant_type !== 'client_credentials') throw UnsupportedGrantType();
  if (!client.grant_types.includes('client_credentials')) throw UnauthorizedClient();
  const scopes = requestedScopes(body.scope, client.scopes);
  if (!scopes) throw InvalidScope();
  return issueTokens(tools, client, 'client_credentials', scopes, null);
}
