import type { Endpoint } from '../endpoint.ts';
import { pathShape, templatePath } from '../path.ts';
import type { EndpointSpec } from '../spec.ts';
import type { Components, Json } from './json-schema.ts';
import { operation } from './operation.ts';

/** The part of an OpenAPI 3.1 document that one service declares. */
export interface OpenApiFragment {
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Components; responses: Components };
}

/**
 * @param groups endpoints by tag, as the service lists them
 * @throws Error for declarations that contradict each other; see `refuseAmbiguity` and `jsonSchema`
 */
export function openApiFragment(groups: Record<string, readonly Endpoint[]>): OpenApiFragment {
  const shown = Object.entries(groups).map(([tag, endpoints]) => {
    return { tag, specs: endpoints.map(({ spec }) => spec).filter(({ caller }) => caller !== 'internal') };
  });
  refuseAmbiguity(shown.flatMap(({ specs }) => specs));
  const components = { schemas: {}, responses: {} };
  const paths: OpenApiFragment['paths'] = {};
  for (const { tag, specs } of shown) {
    for (const spec of specs) {
      const path = templatePath(spec);
      paths[path] ??= {};
      paths[path][spec.method] = operationOf(spec, tag, components);
    }
  }
  // A group without operations has nothing to show.
  const tags = shown.filter(({ specs }) => specs.length > 0).map(({ tag }) => ({ name: tag }));
  return { tags, paths, components };
}

function operationOf(spec: EndpointSpec, tag: string, components: OpenApiFragment['components']): Json {
  try {
    return operation(spec, tag, components.schemas, components.responses);
  } catch (cause) {
    throw new Error(`${spec.operation} cannot be documented: ${(cause as Error).message}`, { cause });
  }
}

/** Declarations that no document can hold side by side. @throws Error that names them */
function refuseAmbiguity(specs: readonly EndpointSpec[]): void {
  const operations = new Map<string, string>();
  const templates = new Map<string, string>();
  for (const spec of specs) {
    const path = templatePath(spec);
    const other = operations.get(spec.operation);
    if (other) throw new Error(`${path} and ${other} both declare the operation ${spec.operation}`);
    operations.set(spec.operation, path);

    const template = templates.get(pathShape(path)) ?? path;
    if (template !== path) throw new Error(`${path} and ${template} are one path: name its parameters alike`);
    templates.set(pathShape(path), path);
  }
}
