import { accessTokenKeysPath, SCOPES } from '@rivergate/caller';
import { reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { CHALLENGE_METHODS } from './code-challenge.ts';
import { GRANTS } from './grants.ts';

const address = (path: string) => z.string().meta({ examples: [`https://rivergate.example.com${path}`] });
const words = (...examples: string[]) => z.array(z.string()).meta({ examples: [examples] });

/** Authorization server metadata (RFC 8414, section 3). */
export const metadata = endpoint(
  {
    operation: 'getOauthMetadata',
    method: 'get',
    path: '/.well-known/oauth-authorization-server',
    summary: 'What an OAuth client has to know of this platform',
    caller: 'public',
    answer: z.object({
      issuer: address(''),
      authorization_endpoint: address('/authorize'),
      token_endpoint: address('/oauth/token'),
      revocation_endpoint: address('/oauth/token/revoke'),
      introspection_endpoint: address('/oauth/introspect'),
      jwks_uri: address(accessTokenKeysPath),
      scopes_supported: words('read'),
      response_types_supported: words('code'),
      response_modes_supported: words('query'),
      grant_types_supported: words('authorization_code'),
      token_endpoint_auth_methods_supported: words('client_secret_basic'),
      revocation_endpoint_auth_methods_supported: words('client_secret_basic'),
      introspection_endpoint_auth_methods_supported: words('client_secret_basic'),
      code_challenge_methods_supported: words('S256'),
      authorization_response_iss_parameter_supported: z.literal(true),
    }),
    bare: true,
  },
  async ({ settings: { publicUrl } }) => {
    const byClient = ['client_secret_basic', 'client_secret_post'];
    return reply(
      {
        issuer: publicUrl,
        // The page on which people sign in and consent: a browser has no access token to bring to /oauth/authorize.
        authorization_endpoint: `${publicUrl}/authorize`,
        token_endpoint: `${publicUrl}/oauth/token`,
        revocation_endpoint: `${publicUrl}/oauth/token/revoke`,
        introspection_endpoint: `${publicUrl}/oauth/introspect`,
        jwks_uri: `${publicUrl}${accessTokenKeysPath}`,
        scopes_supported: [...SCOPES],
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: [...GRANTS.keys()],
        token_endpoint_auth_methods_supported: byClient,
        revocation_endpoint_auth_methods_supported: ['none', ...byClient],
        introspection_endpoint_auth_methods_supported: byClient,
        code_challenge_methods_supported: [...CHALLENGE_METHODS],
        authorization_response_iss_parameter_supported: true as const,
      },
      { headers: { 'cache-control': 'public, max-age=300' } },
    );
  },
);
