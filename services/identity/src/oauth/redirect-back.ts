import type { AuthorizationRequest, Refusal } from './authorization.ts';

/** What a client is told by redirect (RFC 6749, section 4.1.2.1). */
const CODES: Partial<Record<Refusal, string>> = {
  unauthorized_client: 'unauthorized_client',
  invalid_request: 'invalid_request',
  invalid_scope: 'invalid_scope',
  not_a_member: 'access_denied',
  refused_by_user: 'access_denied',
};

/**
 * The address at the client that a decision leads to, with `iss` (RFC 9207); a query of its own stays as it is.
 *
 * @returns undefined for what must not lead anywhere
 */
export function addressOf(
  outcome: { code: string } | { refusal: Refusal },
  { redirect_uri, state }: AuthorizationRequest,
  issuer: string,
): string | undefined {
  const told = 'code' in outcome ? { code: outcome.code } : errorOf(outcome.refusal);
  if (!told) return undefined;
  const query = new URLSearchParams({ ...told, ...(state === undefined ? {} : { state }), iss: issuer });
  const joint = !redirect_uri.includes('?') ? '?' : /[?&]$/.test(redirect_uri) ? '' : '&';
  return `${redirect_uri}${joint}${query}`;
}

function errorOf(refusal: Refusal): { error: string } | undefined {
  const error = CODES[refusal];
  return error === undefined ? undefined : { error };
}
