import { Failure, UpstreamUnavailable } from '@rivergate/endpoint';
import { UpstreamBadResponse, UpstreamTimeout } from '../refusals.ts';

const noConnection = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);
const noAnswer = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ERR_UPSTREAM_UPGRADE_TIMEOUT']);

const codeOf = (cause: Error) => (cause as { code?: string }).code ?? '';

/** Whether the connection failed, rather than what was said on it: worth another try for an idempotent request. */
export function isConnectionFailure(cause: Error): boolean {
  return noConnection.has(codeOf(cause));
}

/** Whether the service itself failed: it could not be reached, broke off, or did not answer in its time. */
export function isServiceFailure(cause: Error): boolean {
  return isConnectionFailure(cause) || noAnswer.has(codeOf(cause));
}

/** What the client is told of an error between gateway and service. */
export function upstreamFailure(cause: Error): Failure {
  if (cause instanceof Failure) return cause;
  if (noAnswer.has(codeOf(cause))) return UpstreamTimeout();
  if (isConnectionFailure(cause)) return UpstreamUnavailable(undefined, [], { 'Retry-After': '1' });
  return UpstreamBadResponse();
}
