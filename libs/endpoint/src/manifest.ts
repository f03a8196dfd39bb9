import { createHash } from 'node:crypto';
import { bodyLimitOf } from './body/limit.ts';
import type { CallerRule } from './caller-of.ts';
import { cookieName } from './cookies.ts';
import { type OpenApiFragment, openApiFragment } from './document/fragment.ts';
import type { Endpoint } from './endpoint.ts';
import { ORGANIZATION_PARAMETER } from './organization-parameter.ts';
import { byPrecedence, templatePath } from './path.ts';
import type { EndpointSpec, Method, WorkspacePlace } from './spec.ts';

const DEFAULT_TIMEOUT = 30_000;

/** What the gateway needs to know of one endpoint. */
export interface ManifestRoute {
  /** As clients call it; one that an older version has kept has none. */
  operation?: string;
  method: Uppercase<Method>;
  /** With `{name}` parameters, from the root. */
  path: string;
  caller: CallerRule;
  bearer: 'optional' | null;
  upgrade: 'websocket' | null;
  /** In whose shape the gateway refuses, where that is not the envelope. */
  protocol: NonNullable<EndpointSpec['protocol']> | null;
  /** Names, with their prefix, of the cookies that pass in both directions. */
  cookies: string[];
  /** Bytes */
  bodyLimit: number;
  /** Milliseconds */
  timeout: number;
  /** The path parameter that names the organization acted on, if the path has it. */
  organizationParameter: string | null;
  /** Whether it is open from outside the networks of the organization. */
  anyNetwork: boolean;
  /** Where the request names the workspace acted in, if the endpoint is about workspaces. */
  workspace: WorkspacePlace | null;
}

/** What a service tells the gateway about itself, at GET /internal/manifest. */
export interface Manifest {
  service: string;
  /** Changes whenever anything else in it does. */
  version: string;
  routes: ManifestRoute[];
  openapi: OpenApiFragment;
}

export function manifest(service: string, groups: Record<string, readonly Endpoint[]>): Manifest {
  const routes = Object.values(groups)
    .flat()
    .filter(({ spec }) => spec.caller !== 'internal')
    .map(
      ({ spec }): ManifestRoute => ({
        operation: spec.operation,
        method: spec.method.toUpperCase() as Uppercase<Method>,
        path: templatePath(spec),
        caller: spec.caller,
        bearer: spec.bearer ?? null,
        upgrade: spec.upgrade ?? null,
        protocol: spec.protocol ?? null,
        cookies: Object.keys(spec.cookies ?? {}).map(cookieName),
        bodyLimit: bodyLimitOf(spec),
        timeout: spec.timeout ?? DEFAULT_TIMEOUT,
        organizationParameter: spec.path.includes(`:${ORGANIZATION_PARAMETER}`)
          ? ORGANIZATION_PARAMETER
          : null,
        anyNetwork: spec.anyNetwork ?? false,
        workspace: spec.workspace ?? null,
      }),
    )
    .sort((a, b) => byPrecedence(a.path, b.path));
  const openapi = openApiFragment(groups);
  const version = createHash('sha256')
    .update(JSON.stringify({ service, routes, openapi }))
    .digest('hex')
    .slice(0, 16);
  return { service, version, routes, openapi };
}
