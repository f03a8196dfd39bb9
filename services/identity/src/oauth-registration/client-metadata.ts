import { SCOPES, type Scope } from '@rivergate/caller';
import { displayText } from '@rivergate/endpoint';
import { z } from 'zod';
import { BroughtKeySet, type KeySet, KeySetAddress } from '../oauth/client-assertion/key-set.ts';
import { ScopeParameter } from '../oauth/scope.ts';
import {
  AUTH_METHODS,
  type AuthMethod,
  flawOfClient,
  withoutRepeats,
} from '../oauth-applications/application.ts';
import { isRedirectUri } from '../oauth-applications/redirect-uri.ts';
import { InvalidClientMetadata, InvalidRedirectUri } from './registration-errors.ts';

const word = z.string().max(255);
const words = (...examples: string[]) =>
  z
    .array(word)
    .max(20)
    .optional()
    .meta({ examples: [examples] });

/**
 * What a client says of itself (RFC 7591, section 2). What else there is in the RFC is passed over, as it wants: there is
 * nothing for which a logo or a policy is needed, and none of them is fetched.
 */
export const clientMetadata = {
  redirect_uris: z
    .array(z.string().max(2_000))
    .min(1)
    .max(20)
    .meta({ examples: [['http://127.0.0.1/callback']] }),
  token_endpoint_auth_method: word.default('client_secret_basic').meta({ examples: ['none'] }),
  grant_types: words('authorization_code', 'refresh_token'),
  response_types: words('code'),
  client_name: displayText(100)
    .default('Unnamed client')
    .meta({ examples: ['Editor'] }),
  client_uri: z
    .url({ protocol: /^https$/ })
    .max(2_000)
    .optional()
    .meta({ examples: ['https://editor.example.com'] }),
  scope: ScopeParameter.optional(),
  software_id: word.optional().meta({ examples: ['4NRB1-0XZABZI9E6-5SM3R'] }),
  software_version: word.optional().meta({ examples: ['2.1.0'] }),
  require_pushed_authorization_requests: z.boolean().default(false),
  dpop_bound_access_tokens: z.boolean().default(false),
  jwks: BroughtKeySet.optional(),
  jwks_uri: KeySetAddress.optional(),
};

const ClientMetadata = z.object(clientMetadata);
export type ClientMetadata = z.output<typeof ClientMetadata>;

/** The grants of a client that registers itself: it acts for people who let it, and never for an organization. */
const GRANT_TYPES = ['authorization_code', 'refresh_token'];

/** What may be registered; the rest of what a client asks for is left out, and the answer says so (RFC 7591, section 3.2.1). */
export interface Bounds {
  scopes: readonly Scope[];
  authMethods: readonly AuthMethod[];
}

/**
 * A client as it is registered.
 *
 * @throws InvalidRedirectUri, InvalidClientMetadata
 */
export function registeredAs(
  metadata: ClientMetadata,
  { scopes: allowed, authMethods }: Bounds,
  publicUrl: string,
) {
  const { grant_types = GRANT_TYPES, response_types = ['code'], scope } = metadata;
  const redirect_uris = withoutRepeats(metadata.redirect_uris);
  if (!redirect_uris.every(isRedirectUri)) throw InvalidRedirectUri();
  if (!grant_types.includes('authorization_code') || !response_types.includes('code'))
    throw InvalidClientMetadata(
      'A client registers for the grant authorization_code and the response_type code',
    );
  const asked = AUTH_METHODS.find(method => method === metadata.token_endpoint_auth_method);
  if (asked === undefined)
    throw InvalidClientMetadata('token_endpoint_auth_method is none that is supported');
  const token_endpoint_auth_method = authMethods.includes(asked) ? asked : authMethods[0]!;
  const byKey = token_endpoint_auth_method === 'private_key_jwt';
  const named = scope === undefined ? undefined : new Set(scope.split(' '));
  const scopes = SCOPES.filter(known => allowed.includes(known) && (named?.has(known) ?? true));
  if (scopes.length === 0) throw InvalidClientMetadata('None of the scopes can be had');
  const client = {
    name: metadata.client_name,
    grant_types: ['authorization_code' as const],
    redirect_uris,
    scopes,
    token_endpoint_auth_method,
    require_pushed_authorization_requests: metadata.require_pushed_authorization_requests,
    dpop_bound_access_tokens: metadata.dpop_bound_access_tokens,
    // Keys prove nothing of a client that proves itself otherwise, and are passed over.
    jwks: byKey ? ((metadata.jwks ?? null) as KeySet | null) : null,
    jwks_uri: byKey ? (metadata.jwks_uri ?? null) : null,
    client_uri: metadata.client_uri ?? null,
    software_id: metadata.software_id ?? null,
    software_version: metadata.software_version ?? null,
  };
  const flaw = flawOfClient(client, publicUrl);
  if (flaw?.field === 'redirect_uris') throw InvalidRedirectUri(`${flaw.field} ${flaw.reason}`);
  if (flaw) throw InvalidClientMetadata(`${flaw.field} ${flaw.reason}`);
  return client;
}

export type RegisteredAs = ReturnType<typeof registeredAs>;
