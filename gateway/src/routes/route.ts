import { isOpen, type ManifestRoute } from '@rivergate/endpoint';

/** A route of a service's manifest, made ready for the hot path. */
export type Route = Omit<ManifestRoute, 'cookies'> & {
  service: string;
  /** Index of the path segment that names the organization acted on, or -1. */
  organizationSegment: number;
  cookies: ReadonlySet<string>;
  /** Index of the path segment that names the workspace acted in, or -1. */
  workspaceSegment: number;
  /** Whether nobody gets in without a token. */
  needsToken: boolean;
  /** Whether a token that is sent is looked at. */
  readsToken: boolean;
};

export function routeOf(service: string, declared: ManifestRoute): Route {
  const segments = declared.path.split('/');
  const segmentOf = (parameter: string | null | undefined) =>
    parameter ? segments.indexOf(`{${parameter}}`) : -1;
  const open = isOpen(declared.caller);
  return {
    ...declared,
    service,
    protocol: declared.protocol ?? null,
    // A manifest that an older version has kept names none.
    cookies: new Set(declared.cookies ?? []),
    organizationSegment: segmentOf(declared.organizationParameter),
    workspaceSegment: segmentOf(/^params\.(.+)$/.exec(declared.workspace ?? '')?.[1]),
    needsToken: !open,
    readsToken: !open || declared.bearer === 'optional',
  };
}
