import type { ManifestRoute } from '@rivergate/endpoint';

/** A route of a service's manifest, made ready for the hot path. */
export type Route = ManifestRoute & {
  service: string;
  /** Index of the path segment that names the organization acted on, or -1. */
  organizationSegment: number;
  /** Whether nobody gets in without a token. */
  needsToken: boolean;
  /** Whether a token that is sent is looked at. */
  readsToken: boolean;
};

export function routeOf(service: string, declared: ManifestRoute): Route {
  const open = declared.caller === 'public' || declared.caller === 'token';
  return {
    ...declared,
    service,
    organizationSegment: declared.organizationParameter
      ? declared.path.split('/').indexOf(`{${declared.organizationParameter}}`)
      : -1,
    needsToken: !open,
    readsToken: !open || declared.bearer === 'optional',
  };
}
