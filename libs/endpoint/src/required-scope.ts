import type { Scope } from '@rivergate/caller';
import { ORGANIZATION_PARAMETER } from './organization-parameter.ts';
import type { EndpointSpec } from './spec.ts';

/** Whether a request only reads (RFC 9110, section 9.2.1). */
export function isSafe({ method, safe }: Pick<EndpointSpec, 'method' | 'safe'>): boolean {
  return method === 'get' || safe === true;
}

/** Whether the database refuses to be changed by the endpoint. */
export function onlyReads(spec: EndpointSpec): boolean {
  return isSafe(spec) && !spec.writes;
}

/** The scope that a token in place of a session needs; every endpoint needs one. */
export function requiredScope(spec: EndpointSpec): Scope {
  if (spec.caller === 'admin' || spec.onBehalfOf === 'admin') return 'admin';
  return isSafe(spec) ? 'read' : 'write';
}

/** Whether an endpoint acts in an organization, or over those of its caller: within reach of who is bound to one. */
export function actsInOrganization({ params, activeOrganization, everyOrganization }: EndpointSpec): boolean {
  return (
    params?.shape[ORGANIZATION_PARAMETER] !== undefined || (activeOrganization ?? everyOrganization) === true
  );
}
