import { readFileSync } from 'node:fs';
import { manifest, routeKey, templatePath } from '@rivergate/endpoint';
import { routeOf, routeTable } from '@rivergate/gateway/routes';
import { endpointsByTag } from '@rivergate/service';
import { definitions } from '../services.ts';

interface Catalogue {
  total: number;
  modules: {
    title: string;
    service: string;
    endpoints: { method: string; path: string; caller: string }[];
  }[];
}

/** One endpoint of the catalogue, and how far it has come. */
export interface CoverageRow {
  module: string;
  service: string;
  method: string;
  path: string;
  /** Only services of the fleet may call it; the gateway must not route it. */
  internal: boolean;
  declared: boolean;
  routed: boolean;
  tested: boolean;
}

/** The endpoints that the platform is to have, with who may call them. */
export const catalogue: Catalogue = JSON.parse(
  readFileSync(new URL('catalogue.json', import.meta.url), 'utf8'),
);

/**
 * The catalogue beside what the services declare.
 *
 * @param exercised lines `METHOD path status` that tests have written; see recordExercised of libs/testing
 */
export function coverage(exercised: readonly string[] = []): CoverageRow[] {
  const specs = definitions
    .flatMap(({ modules }) => modules.flatMap(({ endpoints = [] }) => endpoints))
    .map(({ spec }) => spec);
  const declared = new Set(specs.map(spec => routeKey(spec.method, templatePath(spec))));
  const answering = gatewayRoutes();
  const tested = new Set(
    exercised.map(line => line.split(' ')).map(([method, path]) => routeKey(method!, path!)),
  );
  return catalogue.modules.flatMap(({ title, service, endpoints }) =>
    endpoints.map(({ method, path }) => {
      const key = routeKey(method, path);
      const always = path === '/health' || path === '/ready';
      const internal = path.startsWith('/internal/') || always;
      return {
        module: title,
        service,
        method,
        path,
        internal,
        declared: always || declared.has(key),
        routed: !internal && answering(method, path) === key,
        tested: tested.has(key),
      };
    }),
  );
}

/** The declaration to which the gateway leads a request: its own table, filled as the services fill it. */
function gatewayRoutes(): (method: string, path: string) => string | undefined {
  const table = routeTable(
    definitions.flatMap(definition =>
      manifest(definition.name, endpointsByTag(definition)).routes.map(route =>
        routeOf(definition.name, route),
      ),
    ),
  );
  return (method, path) => {
    const found = table.match(method, path.replace(/\{\w+\}/g, '1'));
    return found && 'route' in found ? routeKey(found.route.method, found.route.path) : undefined;
  };
}
