import { OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { KeySet } from '../oauth/client-assertion/key-set.ts';
import { clientMetadata } from './client-metadata.ts';
import type { RegisteredClient } from './client-store.ts';

export const TokenHeaders = z.object({
  authorization: z.string().max(2_000).optional().meta({ description: 'Bearer, with the token' }),
});

/** Client information (RFC 7591, section 3.2.1; RFC 7592, section 3). */
export const ClientInformation = z
  .object({
    client_id: z.uuid().meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
    client_secret: z
      .string()
      .optional()
      .meta({
        description: 'When the client registers, and never again; not for a public client',
        examples: ['secret_TTuHKCMP-pcWEJdXHBbYNe-RUQ9jJtYK3sFzUP4mzo0'],
      }),
    client_secret_expires_at: z
      .int()
      .optional()
      .meta({ description: '0: never', examples: [0] }),
    client_id_issued_at: z.int().meta({ description: 'Seconds since 1970' }),
    registration_access_token: z.string().meta({
      description: 'By which the client looks after this registration',
      examples: ['rat_TTuHKCMP-pcWEJdXHBbYNe-RUQ9jJtYK3sFzUP4mzo0'],
    }),
    registration_client_uri: z.string().meta({
      examples: ['https://rivergate.example.com/oauth/register/5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'],
    }),
    redirect_uris: clientMetadata.redirect_uris,
    token_endpoint_auth_method: z.string().meta({ examples: ['none'] }),
    grant_types: z.array(z.string()).meta({ examples: [['authorization_code', 'refresh_token']] }),
    response_types: z.array(z.string()).meta({ examples: [['code']] }),
    client_name: z.string().meta({ examples: ['Editor'] }),
    scope: z.string().meta({ description: 'The most that a token can carry', examples: ['read write'] }),
    client_uri: clientMetadata.client_uri,
    software_id: clientMetadata.software_id,
    software_version: clientMetadata.software_version,
    require_pushed_authorization_requests: z.boolean(),
    dpop_bound_access_tokens: z.boolean(),
    jwks: KeySet.optional(),
    jwks_uri: clientMetadata.jwks_uri,
  })
  .meta({ id: 'OAuthClientInformation' });

/** What a client is told of itself. */
export function informationOf(
  client: RegisteredClient,
  { publicUrl, token, secret }: { publicUrl: string; token: string; secret?: string | undefined },
) {
  const { client_id, client_uri, software_id, software_version, jwks, jwks_uri } = client;
  const information: z.output<typeof ClientInformation> = {
    client_id,
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    client_id_issued_at: Math.floor(client.created_at.getTime() / 1_000),
    registration_access_token: token,
    registration_client_uri: `${publicUrl}/oauth/register/${client_id}`,
    redirect_uris: client.redirect_uris,
    token_endpoint_auth_method: client.token_endpoint_auth_method ?? 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    client_name: client.name,
    scope: client.scopes.join(' '),
    ...(client_uri === null ? {} : { client_uri }),
    ...(software_id === null ? {} : { software_id }),
    ...(software_version === null ? {} : { software_version }),
    require_pushed_authorization_requests: client.require_pushed_authorization_requests,
    dpop_bound_access_tokens: client.dpop_bound_access_tokens,
    ...(jwks === null ? {} : { jwks }),
    ...(jwks_uri === null ? {} : { jwks_uri }),
  };
  return reply(information, { headers: OAUTH_HEADERS });
}
