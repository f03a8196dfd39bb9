import { DEFAULT_BODY_LIMIT, type EndpointSpec } from '../spec.ts';
import { acceptedBy, type BodyKind, isStreamed } from './kinds.ts';

/** Bytes that a body of this kind may have. */
export function limitOf(spec: EndpointSpec, kind: BodyKind): number {
  return isStreamed(kind) ? kind.maxBytes : (spec.bodyLimit ?? DEFAULT_BODY_LIMIT);
}

/** Bytes that any body of the endpoint may have. */
export function bodyLimitOf(spec: EndpointSpec): number {
  return Math.max(...acceptedBy(spec).map(kind => limitOf(spec, kind)));
}
