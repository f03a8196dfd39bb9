import { z } from 'zod';
import {
  acceptedBy,
  type BodyKind,
  type FilePart,
  ignoresUnknown,
  isStreamed,
  maxCountOf,
  mediaTypes,
} from '../body/kinds.ts';
import { bodyLimitOf } from '../body/limit.ts';
import type { EndpointSpec } from '../spec.ts';
import { exampleOf } from './example.ts';
import { type Components, type Json, jsonSchema, schemaReference } from './json-schema.ts';

const NO_FIELDS = z.object({});

/** The `requestBody` of an operation that takes one: each media type with what is sent under it. */
export function requestBody(spec: EndpointSpec, schemas: Components): Json {
  const body = spec.body ?? NO_FIELDS;
  const kinds = acceptedBy(spec);
  const fields = fieldsOf(spec, body, schemas);
  return {
    required: kinds.every(isStreamed) || !body.strict().safeParse({}).success,
    'x-body-limit': bodyLimitOf(spec),
    content: Object.fromEntries(
      kinds.flatMap(kind => {
        const described = mediaType(kind, fields, schemas);
        return kind.types.map(type => [type, described]);
      }),
    ),
  };
}

function mediaType(kind: BodyKind, fields: (kind: BodyKind) => Json, schemas: Components): Json {
  if (kind.kind === 'raw') return { schema: file(kind.maxBytes) };
  const schema = fields(kind);
  if (kind.kind !== 'multipart') return { schema, example: exampleOf(schema, 'input', schemas) };
  const files = Object.entries(kind.files);
  const required = files.filter(([, { optional }]) => !optional).map(([name]) => name);
  return {
    schema: {
      ...schema,
      properties: {
        ...(schema.properties as Components),
        ...Object.fromEntries(files.map(([name, part]) => [name, filesOf(part)])),
      },
      required: [...((schema.required as string[] | undefined) ?? []), ...required],
    },
    encoding: Object.fromEntries(files.map(([name, { types }]) => [name, { contentType: types.join(', ') }])),
  };
}

/**
 * The schema of the fields as a kind of body has them. One that several media types share is a component: generators
 * would give two schemas that stand there in full one name.
 */
function fieldsOf(spec: EndpointSpec, body: z.ZodObject, schemas: Components): (kind: BodyKind) => Json {
  // What is said of the body as a whole would be lost with its strict form.
  const { id: _id, ...said } = body.meta() ?? {};
  const written = (kinds: readonly BodyKind[]): Json => {
    const isOpen = kinds.some(kind => ignoresUnknown(spec, kind));
    return jsonSchema((isOpen ? body.strip() : body.strict()).meta(said), 'input', schemas);
  };
  const isShared = (kind: BodyKind) => kind.kind === 'json' || (kind.kind === 'form' && !kind.oauth);
  const shared = acceptedBy(spec).filter(isShared);
  const isOne = mediaTypes(shared).length > 1;
  const name = `${spec.operation.charAt(0).toUpperCase()}${spec.operation.slice(1)}Body`;
  if (isOne) schemas[name] = written(shared);
  return kind => (isOne && isShared(kind) ? schemaReference(name) : written([kind]));
}

function filesOf(part: FilePart): Json {
  const maxItems = maxCountOf(part);
  return maxItems === 1 ? file(part.maxBytes) : { type: 'array', maxItems, items: file(part.maxBytes) };
}

function file(maxBytes: number): Json {
  return { type: 'string', format: 'binary', description: `At most ${maxBytes} bytes` };
}
