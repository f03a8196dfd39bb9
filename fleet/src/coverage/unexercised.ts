import { routeKey, templatePath } from '@rivergate/endpoint';
import { definitions } from '../services.ts';

/**
 * Declared endpoints that no test has brought to a success. A refusal is not enough: bad input is tried on every
 * endpoint that there is.
 *
 * @param exercised lines `METHOD path status` that tests have written
 * @returns `METHOD path` of each
 */
export function unexercised(exercised: readonly string[]): string[] {
  const successful = new Set(
    exercised
      .map(line => line.split(' ') as [string, string, string])
      .filter(([, , status]) => Number(status) < 400)
      .map(([method, path]) => routeKey(method, path)),
  );
  return definitions
    .flatMap(({ modules }) => modules.flatMap(({ endpoints = [] }) => endpoints))
    .map(({ spec }) => ({ spec, path: templatePath(spec) }))
    .filter(({ spec, path }) => !successful.has(routeKey(spec.method, path)))
    .map(({ spec, path }) => `${spec.method.toUpperCase()} ${path}`);
}
