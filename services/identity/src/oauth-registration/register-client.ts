import type { Scope } from '@rivergate/caller';
import { json } from '@rivergate/endpoint';
import { oauthClientRegistered } from '@rivergate/events';
import { CLIENT_TOKENS, clientToken, prefixedToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { AUTH_METHODS, takesSecret } from '../oauth-applications/application.ts';
import { type Bounds, clientMetadata, registeredAs } from './client-metadata.ts';
import { hasRoom, insertClient, isOpen } from './client-store.ts';
import { ClientInformation, informationOf, TokenHeaders } from './registered-client.ts';
import {
  closed,
  InvalidClientMetadata,
  InvalidRedirectUri,
  InvalidToken,
  RegistrationClosed,
  unauthorized,
} from './registration-errors.ts';
import { useToken } from './registration-token-store.ts';

/** What a client can have of which nobody knows anything: it keeps no secret, and is no administrator. */
const OPEN: Bounds = { scopes: ['read', 'write'] satisfies Scope[], authMethods: ['none'] };

/** Bytes of metadata: twenty addresses of some length, and what is passed over. */
const BODY_LIMIT = 64 * 1024;

export const registerClient = endpoint(
  {
    operation: 'registerOauthClient',
    method: 'post',
    path: '/oauth/register',
    summary: 'Register an OAuth client by itself',
    description:
      'RFC 7591. With a token of an organization it is a client of that one. Without one it is a public client of no ' +
      'organization, for as long as some organization lets such clients in; which one it asks for, it says by resource ' +
      'when it sends its user. People are told that nobody has vouched for it, and it is forgotten when it is not used.',
    caller: 'client',
    protocol: 'oauth',
    accepts: [json()],
    headers: TokenHeaders,
    body: z.object(clientMetadata),
    bodyLimit: BODY_LIMIT,
    answer: ClientInformation,
    status: 201,
    bare: true,
    rateLimit: 'client_registration',
    errors: [InvalidRedirectUri, InvalidClientMetadata, InvalidToken, RegistrationClosed],
    idempotency: false,
  },
  async ({ body, headers: { authorization }, db, emit, settings: { publicUrl } }) => {
    const { organizationId, sessionId, tokenId, bounds } = await admission(db, authorization);
    const client = registeredAs(body, bounds, publicUrl);
    if (!(await hasRoom(db, organizationId))) throw closed();
    const secret = takesSecret(client.token_endpoint_auth_method) ? prefixedToken('secret') : undefined;
    const token = prefixedToken(CLIENT_TOKENS.registeredClient);
    const registered = await insertClient(db, {
      ...client,
      organization_id: organizationId,
      session_id: sessionId,
      secret_hash: secret === undefined ? null : tokenHash(secret),
      registration_token_hash: tokenHash(token),
    });
    const { id, client_id, name, redirect_uris, scopes, software_id } = registered;
    await emit(oauthClientRegistered, {
      aggregateId: id,
      organizationId,
      data: {
        application_id: id,
        client_id,
        registration_token_id: tokenId,
        name,
        redirect_uris,
        scopes,
        software_id,
      },
    });
    return informationOf(registered, { publicUrl, token, secret });
  },
);

interface Admission {
  /** Null for a client of no organization. */
  organizationId: number | null;
  sessionId: number | null;
  tokenId: number | null;
  bounds: Bounds;
}

/**
 * On what terms a client gets in; a use of its token counts, unless the transaction rolls back.
 *
 * @throws InvalidToken for a bad token, and for none where no organization lets clients in without
 */
async function admission(db: Knex.Transaction, authorization: string | undefined): Promise<Admission> {
  if (authorization === undefined) {
    if (!(await isOpen(db))) throw unauthorized();
    return { organizationId: null, sessionId: null, tokenId: null, bounds: OPEN };
  }
  const sent = clientToken(authorization);
  const used = sent?.kind === 'registration' && (await useToken(db, tokenHash(sent.token)));
  if (!used) throw unauthorized();
  const bounds = { scopes: used.scopes, authMethods: AUTH_METHODS };
  return { organizationId: used.organization_id, sessionId: used.session_id, tokenId: used.id, bounds };
}
