import type { ManifestRoute } from '@rivergate/endpoint';

/** A route of a service's manifest, made ready for the hot path. */
export type Route = Omit<ManifestRoute, 'cookies'> & {
  service: string;
  /** Index of the path segment that names the organization acted on, or -1. */
  organizationSegment: number;
  cookies: ReadonlySet<string>;
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
    // A manifest that an older version has kept names none.
    cookies: new Set(declared.cookies ?? []),
    organizationSegment: declared.organizationParameter
      ? declared.path.split('/').indexOf(`{${declared.organizationParameter}}`)
      : -1,
    needsToken: !open,
    readsToken: !open || declared.bearer === 'optional',
  };
}
