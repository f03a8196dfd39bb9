import { SCOPES } from '@rivergate/caller';
import { OAUTH_HEADERS, reply } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { ClientHeaders, clientCredentials, provenClient } from './client-authentication.ts';
import { InvalidClient, InvalidRequest } from './oauth-errors.ts';
import { TokenParameters } from './token-parameters.ts';
import { goodToken } from './token-store.ts';

const Introspected = z
  .object({
    active: z.boolean(),
    scope: z
      .string()
      .meta({ examples: [SCOPES.join(' ')] })
      .optional(),
    client_id: z
      .string()
      .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] })
      .optional(),
    token_type: z.enum(['bearer', 'DPoP']).optional().meta({ description: 'Of an access token' }),
    sub: z
      .string()
      .meta({ description: 'The user, or the client that stands for itself', examples: ['123'] })
      .optional(),
    cnf: z
      .object({ jkt: z.string().meta({ examples: ['0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'] }) })
      .optional()
      .meta({ description: 'Of one that is bound to a key (RFC 9449, section 6.2)' }),
    iss: z
      .string()
      .meta({ examples: ['https://rivergate.example.com'] })
      .optional(),
    iat: z.int().optional().meta({ description: 'Seconds since 1970' }),
    exp: z.int().optional().meta({ description: 'Seconds since 1970' }),
  })
  .meta({ id: 'IntrospectedToken' });

/** RFC 7662. A client is told of its own tokens; what is another's, unknown or over is answered alike. */
export const introspect = endpoint(
  {
    operation: 'introspectOauthToken',
    method: 'post',
    path: '/oauth/introspect',
    summary: 'Whether a token of the client is good, and what it may do',
    caller: 'client',
    protocol: 'oauth',
    headers: ClientHeaders,
    body: TokenParameters,
    answer: Introspected,
    bare: true,
    safe: true,
    errors: [InvalidRequest, InvalidClient],
    idempotency: false,
  },
  {
    prepare: ({ body, headers, ...tools }) => clientCredentials(tools, headers.authorization, body),
    async handle({ body, prepared: credentials, db, settings }) {
      const client = await provenClient(db, credentials);
      const token = await goodToken(db, client, tokenHash(body.token));
      const headersOf = { headers: OAUTH_HEADERS };
      if (!token) return reply({ active: false }, headersOf);
      const { kind, scopes, user_id, key_thumbprint, issued_at, expires_at } = token;
      return reply(
        {
          active: true,
          scope: scopes.join(' '),
          client_id: client.client_id,
          ...(kind === 'access'
            ? { token_type: key_thumbprint === null ? ('bearer' as const) : ('DPoP' as const) }
            : {}),
          ...(key_thumbprint === null ? {} : { cnf: { jkt: key_thumbprint } }),
          sub: user_id === null ? client.client_id : String(user_id),
          iss: settings.publicUrl,
          iat: issued_at,
          exp: expires_at,
        },
        headersOf,
      );
    },
  },
);
