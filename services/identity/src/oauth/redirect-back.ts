import { SsoRequired } from '@rivergate/endpoint';
import type { IdentityTools } from '../endpoint.ts';
import { isPostable } from '../oauth-applications/redirect-uri.ts';
import type { Refusal } from './authorization.ts';
import type { Asked, Unanswerable } from './authorization-request.ts';
import { sealAnswer } from './posted-answer/posted-answer.ts';

/** What a client is told by redirect (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6). */
const CODES: Partial<Record<Refusal, string>> = {
  unauthorized_client: 'unauthorized_client',
  invalid_request: 'invalid_request',
  invalid_scope: 'invalid_scope',
  invalid_target: 'invalid_target',
  not_a_member: 'access_denied',
  sso_required: 'access_denied',
  refused_by_user: 'access_denied',
  sign_in_again: 'login_required',
  login_required: 'login_required',
  consent_required: 'consent_required',
  unmet_authentication_requirements: 'unmet_authentication_requirements',
  request_not_supported: 'request_not_supported',
  request_uri_not_supported: 'request_uri_not_supported',
  registration_not_supported: 'registration_not_supported',
};

/** What a developer of the client could not guess from the code. */
const DESCRIPTIONS: Partial<Record<Refusal, string>> = {
  sso_required: `${SsoRequired.code}: ${SsoRequired.summary}`,
};

/**
 * The address that a decision leads to, with `iss` (RFC 9207): at the client, where a query of its own stays as it is, or of the
 * page that posts the answer there.
 *
 * @returns undefined for what must not lead anywhere
 */
export function addressOf(
  outcome: { code: string } | { refusal: Refusal },
  asked: Pick<Asked, 'request'> | Unanswerable,
  { settings: { publicUrl: issuer }, secretBox }: Pick<IdentityTools, 'settings' | 'secretBox'>,
): string | undefined {
  if (typeof asked === 'string') return undefined;
  const { redirect_uri, state, response_mode } = asked.request;
  const told = 'code' in outcome ? { code: outcome.code } : errorOf(outcome.refusal);
  if (!told) return undefined;
  const parameters = { ...told, ...(state === undefined ? {} : { state }), iss: issuer };
  if (response_mode !== 'form_post' || !isPostable(redirect_uri)) return withQuery(redirect_uri, parameters);
  const answer = sealAnswer(secretBox, { to: redirect_uri, parameters });
  return `${issuer}/oauth/form-post?answer=${answer}`;
}

/** An address with parameters added to the query that it may have. */
export function withQuery(address: string, parameters: Record<string, string>): string {
  const joint = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${joint}${new URLSearchParams(parameters)}`;
}

function errorOf(refusal: Refusal): { error: string; error_description?: string } | undefined {
  const error = CODES[refusal];
  if (error === undefined) return undefined;
  const error_description = DESCRIPTIONS[refusal];
  return { error, ...(error_description === undefined ? {} : { error_description }) };
}
