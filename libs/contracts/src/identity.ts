import { SCOPES } from '@rivergate/caller';
import { EmailAddress, error, Id, RateLimited, spec, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { DECIDING } from './deciding.ts';

/** The bundle that every completed login answers. */
export const TokenBundle = z
  .object({
    access_token: z.string().meta({ description: 'JWT, ES256' }),
    refresh_token: z.string(),
    token_type: z.literal('bearer'),
    expires_in: z.int().meta({ description: 'Seconds until the access token expires', examples: [3600] }),
  })
  .meta({ id: 'TokenBundle' });

export const SessionNotFound = error('SESSION_NOT_FOUND', 404, 'No such active session');
export const TokenNotFound = error('TOKEN_NOT_FOUND', 404, 'No such token');
export const UserNotFound = error('USER_NOT_FOUND', 404, 'No such user');
export const EmailTaken = error(
  'EMAIL_TAKEN',
  409,
  'This address belongs to a user already; sign in instead',
);
export const InvalidPassword = error('INVALID_PASSWORD', 422, 'The password breaks the password policy');
export const AccountVerified = error(
  'ACCOUNT_VERIFIED',
  409,
  'The account has been verified and is not taken back',
);

/** What who decides about a user asks when Redis does not know a session. */
export const sessionState = spec({
  owner: 'identity',
  operation: 'getSessionState',
  method: 'get',
  path: '/internal/sessions/:session_id',
  summary: 'Whether a session is active, and whose it is',
  writes: true,
  caller: 'internal',
  callers: DECIDING,
  params: z.object({ session_id: Id }),
  answer: z.object({
    session_id: Id,
    user_id: Id,
    active: z.boolean(),
    is_system_admin: z.boolean(),
    must_enrol: z.boolean().meta({ description: 'Whether a second factor is required that is not set up' }),
    device_trusted: z.boolean().optional().meta({
      description: 'Whether its user trusts the device on which it was opened; absent in earlier versions',
    }),
  }),
  errors: [SessionNotFound],
});

/** What who decides asks when Redis does not know a token that stands in place of a session. */
export const tokenState = spec({
  owner: 'identity',
  operation: 'getTokenState',
  method: 'post',
  path: '/internal/tokens/state',
  summary: 'Whether a token may be used, whose it is, and what for',
  caller: 'internal',
  callers: DECIDING,
  safe: true,
  // The token's last use.
  writes: true,
  body: z.object({ token_hash: z.string().meta({ description: 'SHA-256 of the token, in hex' }) }),
  answer: z.object({
    token_id: Id,
    user_id: Id.nullable().meta({ description: 'Null for the client of an organization' }),
    client_id: z.string().nullable().meta({ description: 'OAuth client that it was issued to' }),
    organization_id: Id.nullable().meta({ description: 'Where it acts when a request names none' }),
    bound: z.boolean().meta({ description: 'Whether it acts in that organization only' }),
    scopes: z.array(z.enum(SCOPES)),
    key_thumbprint: z
      .string()
      .nullable()
      .meta({ description: 'Of the key that it is bound to (RFC 7638); null where it is not' }),
    sso_organization_id: Id.nullable().meta({
      description: 'Whose identity provider opened the session in which it was made',
    }),
    created_at: Timestamp,
    networks: z
      .array(z.string())
      .optional()
      .meta({ description: 'From where alone it may be used; from everywhere where there are none' }),
    expires_at: Timestamp,
    state: z.enum(['active', 'suspended', 'revoked']).meta({ description: 'Expired or not' }),
  }),
  errors: [TokenNotFound],
});

/** Asked by organization when a member wants to act in it. */
export const switchSession = spec({
  owner: 'identity',
  operation: 'switchSession',
  method: 'post',
  path: '/internal/organizations/:org_id/session',
  summary: "Make an organization the active one of the caller's session and issue tokens for it",
  caller: 'internal',
  callers: ['organization'],
  onBehalfOf: 'user',
  session: true,
  params: z.object({ org_id: Id }),
  body: z.object({ workspace_id: Id.nullable() }),
  answer: TokenBundle,
  errors: [SessionNotFound],
});

/** Asked by organization when one is created together with its administrator, and for a user that one creates or is brought. */
export const createAccount = spec({
  owner: 'identity',
  operation: 'createAccount',
  method: 'post',
  path: '/internal/users',
  summary: 'Create an unverified account for an organization, and mail the verification',
  caller: 'internal',
  callers: ['organization'],
  body: z.object({
    email: EmailAddress,
    password: z.string().nullable().meta({ description: 'Null: whoever reads the mailbox sets one' }),
    display_name: z.string().nullable(),
    ip: z.string().nullable(),
    member_of: Id.nullable()
      .default(null)
      .meta({ description: 'Organization whose administrator makes it for somebody else' }),
    managed: z
      .boolean()
      .default(false)
      .meta({
        description:
          'member_of manages it, and will vouch for its address: no mail goes out, and a registration that nobody verified ' +
          'gives way',
      }),
  }),
  answer: z.object({
    user_id: Id,
    email: z.string(),
    display_name: z.string(),
    temporary_token: z.string().nullable().meta({
      description:
        'With the mailed code or link it verifies the address; for nobody but who gave the password. Null: no mail goes out',
    }),
  }),
  status: 201,
  errors: [EmailTaken, InvalidPassword, RateLimited],
});

/** Takes `createAccount` back when what it was made for failed. */
export const withdrawAccount = spec({
  owner: 'identity',
  operation: 'withdrawAccount',
  method: 'delete',
  path: '/internal/users/:user_id',
  summary: 'Take back an account that was never verified',
  caller: 'internal',
  callers: ['organization'],
  params: z.object({ user_id: Id }),
  status: 204,
  errors: [UserNotFound, AccountVerified],
});

/** Asked by the gateway when a page of an origin calls that it does not know. */
export const clientOrigins = spec({
  owner: 'identity',
  operation: 'listOauthClientOrigins',
  method: 'get',
  path: '/internal/oauth/origins',
  summary: 'Origins of the apps that people sign in to as OAuth clients',
  caller: 'internal',
  callers: ['gateway'],
  answer: z.object({ origins: z.array(z.string()) }),
});
