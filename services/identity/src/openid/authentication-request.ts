import type { SigningKeys } from '../keys/signing-keys.ts';
import { isPostable } from '../oauth-applications/redirect-uri.ts';
import { type ClaimsParameter, claimsParameter } from './claims-parameter.ts';
import { verifiedHint } from './id-token.ts';
import type { OpenidParameters } from './request-parameters.ts';

/** Why a request is refused whoever is signed in (OpenID Connect Core 1.0, section 3.1.2.6). */
export type RequestFlaw =
  | 'invalid_request'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'registration_not_supported';

/** OpenID Connect Core 1.0, section 3.1.2.1, and Initiating User Registration 1.0, section 4. */
export const PROMPTS = ['none', 'login', 'consent', 'select_account', 'create'] as const;
export type Prompt = (typeof PROMPTS)[number];

/** How a client is answered (OAuth 2.0 Multiple Response Type Encoding Practices 1.0, section 2.1). */
export const RESPONSE_MODES = ['query', 'form_post'] as const;

/** An authentication request, as far as it is understood. */
export interface AuthenticationRequest {
  prompts: ReadonlySet<Prompt>;
  /** Seconds */
  maxAge: number | undefined;
  /** Preferred, of whichever kind of parameter. */
  acrValues: string[];
  claims: ClaimsParameter;
  /** The user that an ID token names as the expected one; null where there is none. */
  expected: string | null;
}

/** @param clientId whose ID token a hint has to be */
export async function readAuthenticationRequest(
  parameters: OpenidParameters & { redirect_uri: string },
  { clientId, issuer, keys }: { clientId: string; issuer: string; keys: SigningKeys },
): Promise<AuthenticationRequest | RequestFlaw> {
  const { redirect_uri, response_mode, request, request_uri, registration, prompt, max_age, id_token_hint } =
    parameters;
  if (request !== undefined) return 'request_not_supported';
  if (request_uri !== undefined) return 'request_uri_not_supported';
  if (registration !== undefined) return 'registration_not_supported';
  if (!RESPONSE_MODES.some(mode => mode === (response_mode ?? 'query'))) return 'invalid_request';
  if (response_mode === 'form_post' && !isPostable(redirect_uri)) return 'invalid_request';
  const prompts = promptsOf(prompt);
  const claims = claimsParameter(parameters.claims);
  if (!prompts || !claims || !/^(?:\d{1,9})?$/.test(max_age ?? '')) return 'invalid_request';
  const hint = id_token_hint === undefined ? null : await verifiedHint(id_token_hint, { issuer, keys });
  if (hint === undefined || (hint && hint.aud !== clientId)) return 'invalid_request';
  return {
    prompts,
    maxAge: max_age ? Number(max_age) : undefined,
    acrValues: [...claims.voluntaryAcr, ...(parameters.acr_values?.split(' ') ?? [])],
    claims,
    expected: hint?.sub ?? null,
  };
}

/** @returns undefined for one that is not known, and for `none` beside others */
function promptsOf(prompt: string | undefined): Set<Prompt> | undefined {
  const named = new Set(prompt?.split(' ') ?? []);
  const known = PROMPTS.filter(one => named.has(one));
  if (known.length < named.size || (known.includes('none') && known.length > 1)) return undefined;
  return new Set(known);
}
