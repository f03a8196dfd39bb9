import { pathShape } from '../path.ts';
import type { OpenApiFragment } from './fragment.ts';
import { HEADERS } from './headers.ts';
import type { Components } from './json-schema.ts';
import { PARAMETERS } from './operation.ts';

/** What the fragments of all services are together. */
export interface MergedFragments {
  tags: OpenApiFragment['tags'];
  paths: OpenApiFragment['paths'];
  components: Record<string, Components>;
  /** What two services say differently under one name. The first keeps it; the tests of the fleet refuse it. */
  clashes: string[];
}

export function mergeFragments(fragments: readonly OpenApiFragment[]): MergedFragments {
  const clashes: string[] = [];
  const paths: OpenApiFragment['paths'] = {};
  const templates = new Map<string, string>();
  const operations = new Set<unknown>();
  const schemas: Components = {};
  const responses: Components = {};
  for (const fragment of fragments) {
    adopt(schemas, fragment.components.schemas, 'schema', clashes);
    adopt(responses, fragment.components.responses, 'response', clashes);
    for (const [path, item] of Object.entries(fragment.paths)) {
      const shape = pathShape(path);
      const template = templates.get(shape) ?? path;
      templates.set(shape, template);
      if (template !== path) {
        // As two paths they would make the document invalid.
        clashes.push(`path ${path}, which is ${template} elsewhere`);
        continue;
      }
      paths[path] ??= {};
      for (const [method, operation] of Object.entries(item)) {
        if (paths[path][method] || operations.has(operation.operationId))
          clashes.push(`operation ${operation.operationId} at ${method} ${path}`);
        else paths[path][method] = operation;
        operations.add(operation.operationId);
      }
    }
  }
  const tags = new Map(fragments.flatMap(fragment => fragment.tags).map(tag => [tag.name, tag]));
  return {
    tags: [...tags.values()].sort((left, right) => left.name.localeCompare(right.name)),
    paths: sorted(paths),
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The access token of a login, which lives for an hour at most; or a personal access token (`pat_…`), whose ' +
            'scopes have to include the one that the operation names as `x-scope`. Operations with `x-session` take ' +
            'the access token of a login only.',
        },
        scim: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token (`scim_…`) by which an identity provider provisions an organization',
        },
        client: {
          type: 'http',
          scheme: 'basic',
          description: 'client_id and client_secret of an OAuth application (RFC 6749, section 2.3.1)',
        },
      },
      parameters: PARAMETERS,
      headers: HEADERS,
      schemas: sorted(schemas),
      responses: sorted(responses),
    },
    clashes,
  };
}

function adopt(into: Components, from: Components, kind: string, clashes: string[]): void {
  for (const [name, definition] of Object.entries(from)) {
    const known = into[name];
    if (!known) into[name] = definition;
    else if (JSON.stringify(known) !== JSON.stringify(definition)) clashes.push(`${kind} ${name}`);
  }
}

function sorted<Value>(values: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)),
  );
}
