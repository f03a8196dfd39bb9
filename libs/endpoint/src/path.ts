import type { EndpointSpec } from './spec.ts';

const STANDS_AS_IT_IS = /^\/(?:api\/v1|internal|\.well-known|oauth|scim)(?:\/|$)/;

/** The path that callers see, with `:name` parameters. */
export function publicPath(spec: Pick<EndpointSpec, 'path'>): string {
  return STANDS_AS_IT_IS.test(spec.path) ? spec.path : `/api/v1${spec.path}`;
}

/** The same path as OpenAPI and the endpoint catalogue write it, with `{name}` parameters. */
export function templatePath(spec: Pick<EndpointSpec, 'path'>): string {
  return publicPath(spec).replace(/:(\w+)/g, '{$1}');
}

/**
 * What makes a route the same as another, whatever its parameters are called: `GET /api/v1/sessions/{}`.
 *
 * @param path with `{name}` parameters
 */
export function routeKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${pathShape(path)}`;
}

/** A path without the names of its parameters: two with one shape are one path. */
export function pathShape(path: string): string {
  return path.replace(/\{\w+\}/g, '{}');
}

/** Where a request of this input goes: its path, and its query with the question mark or empty. */
export function requestTarget(
  spec: Pick<EndpointSpec, 'path'>,
  input: { params?: unknown; query?: unknown },
): { path: string; query: string } {
  const params = (input.params ?? {}) as Record<string, unknown>;
  const path = publicPath(spec).replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const given = Object.entries(input.query ?? {}).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  if (given.length === 0) return { path, query: '' };
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
  return { path, query: `?${query}` };
}

/** Orders paths so that static segments win over parameters at the first place where they differ. */
export function byPrecedence(left: string, right: string): number {
  const [a, b] = [left.split('/'), right.split('/')];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = Number(isParameter(a[index]!)) - Number(isParameter(b[index]!));
    if (difference !== 0) return difference;
  }
  return b.length - a.length;
}

const isParameter = (segment: string) => segment.startsWith(':') || segment.startsWith('{');
