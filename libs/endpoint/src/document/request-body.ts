import { z } from 'zod';
import { acceptedBy, type BodyKind, type FilePart, isStreamed, maxCountOf } from '../body/kinds.ts';
import { bodyLimitOf } from '../body/limit.ts';
import type { EndpointSpec } from '../spec.ts';
import { exampleOf } from './example.ts';
import { type Components, type Json, jsonSchema } from './json-schema.ts';

const NO_FIELDS = z.object({});

/** The `requestBody` of an operation that takes one: each media type with what is sent under it. */
export function requestBody(spec: EndpointSpec, schemas: Components): Json {
  const body = spec.body ?? NO_FIELDS;
  const kinds = acceptedBy(spec);
  return {
    required: kinds.every(isStreamed) || !body.strict().safeParse({}).success,
    'x-body-limit': bodyLimitOf(spec),
    content: Object.fromEntries(
      kinds.flatMap(kind => kind.types.map(type => [type, mediaType(kind, body, schemas)])),
    ),
  };
}

function mediaType(kind: BodyKind, body: z.ZodObject, schemas: Components): Json {
  if (kind.kind === 'raw') return { schema: file(kind.maxBytes) };
  // What is said of the body as a whole would be lost with its strict form.
  const { id: _id, ...said } = body.meta() ?? {};
  const held = kind.kind === 'form' && kind.oauth ? body.strip() : body.strict();
  const schema = jsonSchema(held.meta(said), 'input', schemas);
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

function filesOf(part: FilePart): Json {
  const maxItems = maxCountOf(part);
  return maxItems === 1 ? file(part.maxBytes) : { type: 'array', maxItems, items: file(part.maxBytes) };
}

function file(maxBytes: number): Json {
  return { type: 'string', format: 'binary', description: `At most ${maxBytes} bytes` };
}
