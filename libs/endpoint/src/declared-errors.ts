import { impliedErrors } from './authorize.ts';
import {
  CrossSiteRequest,
  type ErrorDeclaration,
  IdempotencyConflict,
  InternalError,
  MalformedRequest,
  PreconditionFailed,
  RangeNotSatisfiable,
  RateLimited,
  RequestTimeout,
  RequestTooLarge,
  UnsupportedMediaType,
  UpstreamBadResponse,
  UpstreamTimeout,
  UpstreamUnavailable,
  ValidationFailed,
} from './failure.ts';
import { oauthErrors } from './oauth-failure.ts';
import { isSafe } from './required-scope.ts';
import { scimErrors } from './scim-failure.ts';
import type { EndpointSpec } from './spec.ts';

/** What the library and the gateway may answer on every endpoint. */
const EVERYWHERE = [
  MalformedRequest,
  RequestTooLarge,
  UnsupportedMediaType,
  ValidationFailed,
  RateLimited,
  InternalError,
  UpstreamBadResponse,
  UpstreamUnavailable,
  UpstreamTimeout,
];

/** The errors that an endpoint may answer: its own, and those that the library and the gateway answer for it. */
export function declaredErrors(spec: EndpointSpec): ErrorDeclaration[] {
  const errors = [...(spec.errors ?? []), ...impliedErrors(spec), ...EVERYWHERE];
  if (spec.body || spec.accepts) errors.push(RequestTimeout);
  if (spec.cookies && spec.method !== 'get') errors.push(CrossSiteRequest);
  if (hasRanges(spec)) errors.push(RangeNotSatisfiable);
  if (mayBeConditional(spec)) errors.push(PreconditionFailed);
  if (!isSafe(spec) && spec.idempotency !== false) errors.push(IdempotencyConflict);
  if (spec.protocol === 'oauth') return oauthErrors(errors);
  return spec.protocol === 'scim' ? scimErrors(errors) : errors;
}

/** Whether parts of what it answers can be had. */
export function hasRanges({ method, content = {} }: EndpointSpec): boolean {
  return method === 'get' && Object.values(content).includes('binary');
}

/** Whether a change may be sent with `If-Match`: what it changes is what stands at its path. */
export function mayBeConditional({ method }: Pick<EndpointSpec, 'method'>): boolean {
  return method === 'put' || method === 'patch' || method === 'delete';
}
