import { DEFAULT_BODY_LIMIT, type EndpointSpec } from '../spec.ts';
import { acceptedBy, type BodyKind, isStreamed } from './kinds.ts';

/** Bytes of a body that is in memory as a whole. */
export function wholeLimitOf({ bodyLimit = DEFAULT_BODY_LIMIT }: EndpointSpec): number {
  return bodyLimit;
}

function limitOf(spec: EndpointSpec, kind: BodyKind): number {
  return isStreamed(kind) ? kind.maxBytes : wholeLimitOf(spec);
}

/** Bytes that any body of the endpoint may have. */
export function bodyLimitOf(spec: EndpointSpec): number {
  return Math.max(...acceptedBy(spec).map(kind => limitOf(spec, kind)));
}
