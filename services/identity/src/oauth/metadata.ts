import { accessTokenKeysPath, SCOPES } from '@rivergate/caller';
import { CLIENT_ALGORITHMS } from '@rivergate/caller/dpop';
import { reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { SIGNING_ALGORITHMS } from '../keys/signing-key-store.ts';
import { AUTH_METHODS } from '../oauth-applications/application.ts';
import { ACR_VALUES } from '../openid/acr.ts';
import { PROMPTS, RESPONSE_MODES } from '../openid/authentication-request.ts';
import { IDENTITY_CLAIMS } from '../openid/identity-claims.ts';
import { CHALLENGE_METHODS } from './code-challenge.ts';
import { GRANTS } from './grants.ts';
import { IDENTITY_SCOPES } from './scope.ts';

const address = (path: string) => z.string().meta({ examples: [`https://rivergate.example.com${path}`] });
const words = (...examples: string[]) => z.array(z.string()).meta({ examples: [examples] });

const Metadata = z
  .object({
    issuer: address(''),
    authorization_endpoint: address('/authorize'),
    token_endpoint: address('/oauth/token'),
    revocation_endpoint: address('/oauth/token/revoke'),
    introspection_endpoint: address('/oauth/introspect'),
    device_authorization_endpoint: address('/oauth/device_authorization'),
    pushed_authorization_request_endpoint: address('/oauth/par'),
    require_pushed_authorization_requests: z.literal(false),
    registration_endpoint: address('/oauth/register'),
    userinfo_endpoint: address('/oauth/userinfo'),
    end_session_endpoint: address('/end-session'),
    jwks_uri: address(accessTokenKeysPath),
    scopes_supported: words('openid', 'read'),
    response_types_supported: words('code'),
    response_modes_supported: words('query'),
    grant_types_supported: words('authorization_code'),
    token_endpoint_auth_methods_supported: words('client_secret_basic'),
    token_endpoint_auth_signing_alg_values_supported: words('ES256'),
    revocation_endpoint_auth_methods_supported: words('client_secret_basic'),
    revocation_endpoint_auth_signing_alg_values_supported: words('ES256'),
    introspection_endpoint_auth_methods_supported: words('client_secret_basic'),
    introspection_endpoint_auth_signing_alg_values_supported: words('ES256'),
    code_challenge_methods_supported: words('S256'),
    dpop_signing_alg_values_supported: words('ES256'),
    authorization_response_iss_parameter_supported: z.literal(true),
    subject_types_supported: words('public'),
    id_token_signing_alg_values_supported: words('ES256'),
    claims_supported: words('sub', 'email'),
    claim_types_supported: words('normal'),
    claims_parameter_supported: z.literal(true),
    request_parameter_supported: z.literal(false),
    request_uri_parameter_supported: z.literal(false),
    backchannel_logout_supported: z.literal(true),
    backchannel_logout_session_supported: z.literal(true),
    acr_values_supported: words('phr'),
    prompt_values_supported: words('login'),
  })
  .meta({ id: 'AuthorizationServerMetadata' });

function metadataAt(publicUrl: string): z.infer<typeof Metadata> {
  return {
    issuer: publicUrl,
    // The pages on which people sign in, consent and sign out: a browser has no access token to bring to /oauth/authorize.
    authorization_endpoint: `${publicUrl}/authorize`,
    end_session_endpoint: `${publicUrl}/end-session`,
    token_endpoint: `${publicUrl}/oauth/token`,
    revocation_endpoint: `${publicUrl}/oauth/token/revoke`,
    introspection_endpoint: `${publicUrl}/oauth/introspect`,
    device_authorization_endpoint: `${publicUrl}/oauth/device_authorization`,
    pushed_authorization_request_endpoint: `${publicUrl}/oauth/par`,
    require_pushed_authorization_requests: false,
    registration_endpoint: `${publicUrl}/oauth/register`,
    userinfo_endpoint: `${publicUrl}/oauth/userinfo`,
    jwks_uri: `${publicUrl}${accessTokenKeysPath}`,
    scopes_supported: [...IDENTITY_SCOPES, ...SCOPES],
    response_types_supported: ['code'],
    response_modes_supported: [...RESPONSE_MODES],
    grant_types_supported: [...GRANTS.keys()],
    token_endpoint_auth_methods_supported: [...AUTH_METHODS],
    token_endpoint_auth_signing_alg_values_supported: [...CLIENT_ALGORITHMS],
    revocation_endpoint_auth_methods_supported: [...AUTH_METHODS],
    revocation_endpoint_auth_signing_alg_values_supported: [...CLIENT_ALGORITHMS],
    introspection_endpoint_auth_methods_supported: AUTH_METHODS.filter(method => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: [...CLIENT_ALGORITHMS],
    code_challenge_methods_supported: [...CHALLENGE_METHODS],
    dpop_signing_alg_values_supported: [...CLIENT_ALGORITHMS],
    authorization_response_iss_parameter_supported: true,
    // A user is the same `sub` to every client.
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...SIGNING_ALGORITHMS],
    claims_supported: ['sub', ...IDENTITY_CLAIMS, 'auth_time', 'acr', 'amr', 'azp', 'nonce', 'sid'],
    claim_types_supported: ['normal'],
    claims_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    acr_values_supported: [...ACR_VALUES],
    prompt_values_supported: [...PROMPTS],
  };
}

/** One declaration, at both places where clients look (RFC 8414, section 3; OpenID Connect Discovery 1.0, section 4). */
const documentAt = (path: string, operation: string, summary: string) =>
  endpoint(
    { operation, method: 'get', path, summary, caller: 'public', answer: Metadata, bare: true },
    async ({ settings: { publicUrl } }) =>
      reply(metadataAt(publicUrl), { headers: { 'cache-control': 'public, max-age=300' } }),
  );

export const metadata = documentAt(
  '/.well-known/oauth-authorization-server',
  'getOauthMetadata',
  'What an OAuth client has to know of this platform',
);
export const openidConfiguration = documentAt(
  '/.well-known/openid-configuration',
  'getOpenidConfiguration',
  'The same, where clients of OpenID Connect look for it',
);
