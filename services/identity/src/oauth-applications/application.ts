import { SCOPES } from '@rivergate/caller';
import { displayText, error, type FailureDetail, Id, Timestamp, ValidationFailed } from '@rivergate/endpoint';
import { z } from 'zod';
import { SIGNING_ALGORITHMS } from '../keys/signing-key-store.ts';
import { GivenKeySet, KeySet, KeySetAddress, usableKeySet } from '../oauth/client-assertion/key-set.ts';
import { isOfPlatform, isPrivateUse, RedirectUri } from './redirect-uri.ts';

export const ApplicationExists = error(
  'APPLICATION_EXISTS',
  400,
  'The organization has an application of that name',
);
export const ApplicationNotFound = error(
  'APPLICATION_NOT_FOUND',
  404,
  'No such application in the organization',
);
export const ApplicationsSwitchedOff = error(
  'APPLICATIONS_SWITCHED_OFF',
  403,
  'The settings of the organization allow no OAuth applications',
);
export const ClientHasNoSecret = error(
  'CLIENT_HAS_NO_SECRET',
  409,
  'A public client, and one that proves itself by a key, has no secret',
);

/** RFC 8628, section 3.4 */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** The grants that an application registers for; those for users bring `refresh_token` with them. */
export const GRANT_TYPES = ['authorization_code', 'client_credentials', DEVICE_CODE] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** How a client proves itself at the token endpoint (RFC 7591, section 2; OpenID Connect Core 1.0, section 9). */
export const AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** Whether a client of that kind has a secret; null is by its secret, in either way. */
export const takesSecret = (method: AuthMethod | null) => method !== 'none' && method !== 'private_key_jwt';

export const withoutRepeats = <Item>(list: Item[]) => [...new Set(list)];

/** What an administrator says of an application. */
export const applicationFields = {
  name: displayText(100).meta({
    description: 'Unique in the organization, without regard to case',
    examples: ['Warehouse dashboard'],
  }),
  description: displayText(500).meta({ examples: ['Shows what is in stock'] }),
  grant_types: z
    .array(z.enum(GRANT_TYPES))
    .min(1)
    .max(10)
    .overwrite(withoutRepeats)
    .meta({
      description: 'authorization_code and device_code bring the refresh_token grant with them',
      examples: [['authorization_code']],
    }),
  redirect_uris: z
    .array(RedirectUri)
    .max(20)
    .overwrite(withoutRepeats)
    .meta({ description: 'At least one where grant_types holds authorization_code' }),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .max(10)
    .overwrite(withoutRepeats)
    .meta({ description: 'The most that a token of the application can carry', examples: [['read']] }),
  access_level: z.enum(['organization']).meta({
    description: 'Only members of the organization may authorize the application',
  }),
  require_pushed_authorization_requests: z.boolean().meta({
    description: 'Whether people are sent to sign in with a pushed request only (RFC 9126)',
  }),
  id_token_signed_response_alg: z
    .enum(SIGNING_ALGORITHMS)
    .meta({ description: 'What ID tokens of the application are signed with', examples: ['ES256'] }),
  post_logout_redirect_uris: z
    .array(RedirectUri)
    .max(20)
    .overwrite(withoutRepeats)
    .meta({ description: 'Where people may be led who have signed out, to the letter' }),
  jwks: GivenKeySet.nullable(),
  jwks_uri: KeySetAddress.nullable(),
  dpop_bound_access_tokens: z.boolean().meta({
    description:
      'Whether the client gets tokens for a key only that it proves to have (RFC 9449, section 5.2)',
  }),
  backchannel_logout_uri: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .nullable()
    .meta({
      description:
        'Where the application is told that somebody has signed out (OpenID Connect Back-Channel Logout 1.0); it has to be ' +
        'reachable from the platform',
      examples: ['https://app.example.com/backchannel-logout'],
    }),
};

export const TokenEndpointAuthMethod = z
  .enum(AUTH_METHODS)
  .nullable()
  .meta({
    description:
      'How the client proves itself (RFC 7591): none is a public client, which has no secret and always uses PKCE with ' +
      'S256; private_key_jwt is by a key of jwks or jwks_uri, and no secret; null is by its secret, in either way',
  });

export interface ClientShape {
  grant_types: readonly GrantType[];
  redirect_uris: readonly string[];
  post_logout_redirect_uris?: readonly string[];
  token_endpoint_auth_method: AuthMethod | null;
  jwks: GivenKeySet | null;
  jwks_uri: string | null;
}

/**
 * What does not go together in a client: codes that would have nowhere to go, what takes proof without any, keys that prove
 * nothing; and addresses that are not its own.
 */
export function flawOfClient(
  {
    grant_types,
    redirect_uris,
    post_logout_redirect_uris = [],
    token_endpoint_auth_method,
    jwks,
    jwks_uri,
  }: ClientShape,
  publicUrl: string,
): (FailureDetail & { field: keyof ClientShape }) | undefined {
  const isPublic = token_endpoint_auth_method === 'none';
  if (grant_types.includes('authorization_code') && redirect_uris.length === 0) {
    const reason = 'must hold at least one address, for the grant authorization_code';
    return { field: 'redirect_uris', code: 'too_small', reason };
  }
  for (const [field, uris] of Object.entries({ redirect_uris, post_logout_redirect_uris }))
    if (uris.some(uri => isOfPlatform(uri, publicUrl))) {
      const reason = 'must hold addresses of the application, not of the platform';
      return { field: field as keyof ClientShape, code: 'not_allowed', reason };
    }
  if (isPublic && grant_types.includes('client_credentials')) {
    const reason = 'must not hold client_credentials for a client without a secret';
    return { field: 'grant_types', code: 'not_allowed', reason };
  }
  if (!isPublic && redirect_uris.some(isPrivateUse)) {
    const reason = 'must hold addresses with a scheme of their own for a public client only';
    return { field: 'redirect_uris', code: 'invalid_format', reason };
  }
  const takesKeys = token_endpoint_auth_method === 'private_key_jwt';
  if ([jwks, jwks_uri].filter(keys => keys !== null).length !== (takesKeys ? 1 : 0)) {
    const reason = takesKeys
      ? 'must be there, or else jwks_uri, for private_key_jwt'
      : 'and jwks_uri must be left out but for private_key_jwt';
    return { field: 'jwks', code: takesKeys ? 'required' : 'not_allowed', reason };
  }
  if (jwks !== null && !usableKeySet(jwks)) {
    const reason =
      'must hold public keys alone, each of a kind and strength that can be used and with a name of its own';
    return { field: 'jwks', code: 'invalid_format', reason };
  }
  return undefined;
}

/** @throws ValidationFailed */
export function requireSound(application: ClientShape, publicUrl: string): void {
  const flaw = flawOfClient(application, publicUrl);
  if (flaw) throw ValidationFailed(undefined, [{ ...flaw, field: `body.${flaw.field}` }]);
}

export const Status = z.enum(['active', 'revoked']);

/** What every answer tells of an application. */
const facts = {
  id: Id,
  ...applicationFields,
  description: applicationFields.description.nullable(),
  jwks: KeySet.nullable(),
  client_id: z.uuid().meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
  token_endpoint_auth_method: TokenEndpointAuthMethod,
  self_registered: z.boolean().meta({
    description:
      'Whether the client registered itself, by a token of the organization, and says itself what it is',
  }),
  status: Status,
};

export const ApplicationChanged = z.object(facts).meta({ id: 'ChangedOAuthApplication' });
export const Application = z
  .object({
    ...facts,
    created_at: Timestamp,
    last_used_at: Timestamp.nullable().meta({ description: 'Null until the first use; to the minute' }),
  })
  .meta({ id: 'OAuthApplication' });

export const ClientSecret = z.string().meta({
  description: 'In this answer and never again',
  examples: ['secret_TTuHKCMP-pcWEJdXHBbYNe-RUQ9jJtYK3sFzUP4mzo0'],
});
export const CreatedApplication = z
  .object({
    ...facts,
    client_secret: ClientSecret.optional().meta({
      description: 'In this answer and never again; not for a public client',
    }),
    created_at: Timestamp,
  })
  .meta({ id: 'CreatedOAuthApplication' });
