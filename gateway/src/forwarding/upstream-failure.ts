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

const codeOf = (cause: Error) => (cause as { code?: string }).code ?? '';

/** Whether the connection failed, rather than what was said on it: worth another try for an idempotent request. */
export function isConnectionFailure(cause: Error): boolean {
  return noConnection.has(codeOf(cause));
}

/** What the client is told of an error between gateway and service. */
export function upstreamFailure(cause: Error): Failure {
  if (cause instanceof Failure) return cause;
  const code = codeOf(cause);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return UpstreamTimeout();
  if (noConnection.has(code)) return UpstreamUnavailable(undefined, [], { 'Retry-After': '1' });
  return UpstreamBadResponse();
}
