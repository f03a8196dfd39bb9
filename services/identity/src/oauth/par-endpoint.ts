import { OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { isRegistered } from '../oauth-applications/redirect-uri.ts';
import { readAuthenticationRequest } from '../openid/authentication-request.ts';
import { flawOf } from './authorization.ts';
import { authorizationParameters, challengeParameters } from './authorization-request.ts';
import {
  ClientHeaders,
  clientCredentials,
  clientParameters,
  requiredClient,
} from './client-authentication.ts';
import {
  InvalidClient,
  InvalidDpopProof,
  InvalidRequest,
  InvalidScope,
  InvalidTarget,
  RegistrationNotSupported,
  RequestNotSupported,
  UnauthorizedClient,
  UseDpopNonce,
} from './oauth-errors.ts';
import { DpopHeader, nonceHeader, provenKey } from './proven-key.ts';
import { insertPushed, PUSHED_SECONDS } from './pushed-request-store.ts';
import { targetOf } from './resource.ts';
import { authorizationScopes } from './scope.ts';

/** What is kept of a pushed request: all that could stand in the address, and nothing that proves the client. */
const Pushed = z.object({ ...authorizationParameters, ...challengeParameters });

/** RFC 9126: what a client asks comes from itself, before its user does, and is checked before anybody is asked. */
export const pushAuthorizationRequest = endpoint(
  {
    operation: 'pushOauthAuthorizationRequest',
    method: 'post',
    path: '/oauth/par',
    summary: 'Push an authorization request, and get a request_uri to send the user with',
    description: 'It works once, for this client, and has to be opened within the time that the answer says.',
    caller: 'client',
    protocol: 'oauth',
    headers: ClientHeaders.extend({ dpop: DpopHeader }),
    body: Pushed.extend({
      ...clientParameters,
      response_type: z
        .string()
        .max(100)
        .meta({ description: 'code', examples: ['code'] }),
    }),
    answer: z
      .object({
        request_uri: z.string().meta({
          examples: ['urn:ietf:params:oauth:request_uri:bNTVUTUT0bEsPTiA6kqHHkDNGk9Yt5xgMlNTFJvQn1s'],
        }),
        expires_in: z.int().meta({ description: 'Seconds', examples: [PUSHED_SECONDS] }),
      })
      .meta({ id: 'PushedAuthorizationRequest' }),
    status: 201,
    bare: true,
    errors: [
      InvalidRequest,
      InvalidClient,
      UnauthorizedClient,
      InvalidScope,
      InvalidTarget,
      RequestNotSupported,
      RegistrationNotSupported,
      InvalidDpopProof,
      UseDpopNonce,
    ],
    idempotency: false,
  },
  {
    async prepare({ body, headers, ...tools }) {
      const key = await provenKey(tools, '/oauth/par', headers.dpop);
      return { key, credentials: await clientCredentials(tools, headers.authorization, body) };
    },
    async handle({ body, prepared: { key, credentials }, db, keys, nonces, settings }) {
      const client = await requiredClient(db, credentials);
      if (body.request_uri !== undefined) throw InvalidRequest('request_uri is what this answers');
      if (body.request !== undefined) throw RequestNotSupported();
      if (body.response_type !== 'code') throw InvalidRequest('There is one response_type: code');
      const request = boundTo(key, Pushed.parse(body));
      const { redirect_uri, scope, resource } = request;
      if (redirect_uri === undefined || !isRegistered(client.redirect_uris, redirect_uri))
        throw InvalidRequest('The redirect URI is missing or not registered');
      const scopes = authorizationScopes(scope, client.scopes);
      const flaw = flawOf(client, { ...request, redirect_uri }, scopes);
      if (flaw) throw failureOf(flaw);
      const by = { clientId: client.client_id, issuer: settings.publicUrl, keys };
      const understood = await readAuthenticationRequest({ ...request, redirect_uri }, by);
      if (understood === 'registration_not_supported') throw RegistrationNotSupported();
      if (typeof understood === 'string') throw InvalidRequest();
      if ((await targetOf(db, client, resource, settings.publicUrl)) === undefined) throw InvalidTarget();
      const request_uri = await insertPushed(db, client.id, request);
      const nonce = key === null ? {} : nonceHeader(nonces);
      return reply({ request_uri, expires_in: PUSHED_SECONDS }, { headers: { ...OAUTH_HEADERS, ...nonce } });
    },
  },
);

/** The code is for the key of a proof, too, as if its thumbprint had been named (RFC 9449, section 10.1). */
function boundTo(key: string | null, request: z.infer<typeof Pushed>): z.infer<typeof Pushed> {
  if (key === null) return request;
  if (request.dpop_jkt !== undefined && request.dpop_jkt !== key)
    throw InvalidRequest('dpop_jkt is not the key of the DPoP proof');
  return { ...request, dpop_jkt: key };
}

function failureOf(flaw: NonNullable<ReturnType<typeof flawOf>>) {
  if (flaw === 'unauthorized_client') return UnauthorizedClient();
  if (flaw === 'invalid_scope') return InvalidScope();
  return InvalidRequest(
    'The code_challenge is malformed or missing: a public client takes one with the method S256',
  );
}
