import { OutboundFailure, type OutboundReason } from '@rivergate/outbound';
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { type Reason, SignInRefusal } from '../attempts/refusal.ts';

/** Why a provider was not reached, if that is what a library ended with. */
export function outboundReasonOf(cause: unknown): OutboundReason | undefined {
  for (let at = cause; at instanceof Error; at = at.cause) {
    if (at instanceof OutboundFailure) return at.reason;
    if (at instanceof ClientError && at.code === 'OAUTH_TIMEOUT') return 'timeout';
  }
  return undefined;
}

/** What of an answer of a provider is told to administrators: error codes, as RFC 6749 has them, and no text of its own. */
const codeIn = (text: string) => (/^[a-z_]{1,60}$/.test(text) ? text : null);

/**
 * What a failure of openid-client means. Nothing of the answer that led to it is in it.
 *
 * @param means what it is that the provider refused by an error code, and what everything else is
 */
export function refusalOf(cause: unknown, means: { refused: Reason; otherwise: Reason }): SignInRefusal {
  if (cause instanceof SignInRefusal) return cause;
  const reason = outboundReasonOf(cause);
  if (reason !== undefined) return new SignInRefusal('PROVIDER_UNREACHABLE', reason);
  if (cause instanceof AuthorizationResponseError)
    return new SignInRefusal('PROVIDER_REFUSED', codeIn(cause.error));
  if (cause instanceof ResponseBodyError) return new SignInRefusal(means.refused, codeIn(cause.error));
  const { code } = cause as { code?: unknown };
  const named = typeof code === 'string' ? code.replace(/^OAUTH_/, '').toLowerCase() : null;
  if (named === 'response_is_not_conform') return new SignInRefusal(means.refused, named);
  return new SignInRefusal(means.otherwise, named);
}
