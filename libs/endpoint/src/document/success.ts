import { z } from 'zod';
import { EVENT_STREAM } from '../content.ts';
import { hasRanges } from '../declared-errors.ts';
import { hasEntityTag } from '../entity-tag.ts';
import { isSafe } from '../required-scope.ts';
import type { ContentKind, EndpointSpec } from '../spec.ts';
import { exampleOf } from './example.ts';
import { headersOf } from './headers.ts';
import { type Components, type Json, jsonSchema } from './json-schema.ts';

/** The `responses` of an operation for its success. */
export function successResponse(spec: EndpointSpec, schemas: Components): Json {
  const status = spec.status ?? 200;
  const keptForRetries = !isSafe(spec) && spec.idempotency !== false;
  const headers = headersOf(
    ...(hasEntityTag(spec) ? ['ETag'] : []),
    ...(hasRanges(spec) ? ['Accept-Ranges', 'Last-Modified'] : []),
    ...(spec.cookies ? ['Set-Cookie'] : []),
    ...(keptForRetries && status !== 204 ? ['Idempotency-Replayed'] : []),
    ...(status === 202 ? ['Location'] : []),
    ...(spec.deprecated ? ['Deprecation', 'Sunset'] : []),
    ...(spec.deprecated?.link ? ['Link'] : []),
  );
  const description = spec.message ?? (status === 204 ? 'Done; there is no body' : spec.summary);
  const elsewhere = redirects(spec);
  if (status === 204) return { '204': { description, headers }, ...elsewhere };
  const content = {
    ...json(spec, schemas),
    ...inOnePiece(spec),
    ...streams(spec, schemas),
    ...events(spec, schemas),
  };
  if (Object.keys(content).length === 0) return elsewhere;
  return {
    [String(status)]: { description, headers, content },
    ...elsewhere,
    ...(hasRanges(spec) ? { '206': partial(spec) } : {}),
    ...(hasEntityTag(spec) ? { '304': NOT_MODIFIED } : {}),
  };
}

const NOT_MODIFIED: Json = {
  description: 'It is still what the tag in If-None-Match names; there is no body',
  headers: headersOf('ETag'),
};

function json(spec: EndpointSpec, schemas: Components): Json {
  if (!spec.answer && (spec.content || spec.streams || spec.events || spec.redirects)) return {};
  const data = spec.answer && jsonSchema(spec.answer, 'output', schemas);
  const schema = spec.bare ? (data ?? {}) : envelope(data);
  const type = typeof spec.bare === 'string' ? spec.bare : 'application/json';
  return { [type]: { schema, example: answerExample(spec, schema, schemas) } };
}

function envelope(data: Json | undefined): Json {
  return {
    type: 'object',
    properties: {
      success: { type: 'boolean', const: true },
      ...(data ? { data } : {}),
      message: { type: 'string', description: 'For people' },
    },
    required: ['success', ...(data ? ['data'] : [])],
  };
}

/** The message of the declaration, where there is one, stands in the example too. */
function answerExample(spec: EndpointSpec, schema: Json, schemas: Components): unknown {
  const example = exampleOf(schema, 'output', schemas);
  if (spec.bare) return example;
  const { data, message: _message, ...rest } = example as { data?: Json; message?: string };
  const { message } = spec;
  return {
    ...rest,
    ...(data ? { data: spec.messageInData ? { ...data, message } : data } : {}),
    ...(message ? { message } : {}),
  };
}

function redirects({ redirects, cookies }: EndpointSpec): Json {
  if (!redirects) return {};
  const headers = headersOf('Location', ...(cookies ? ['Set-Cookie'] : []));
  return { [String(redirects.status)]: { description: 'Go on at the address in Location', headers } };
}

function partial(spec: EndpointSpec): Json {
  const parts = Object.entries(spec.content ?? {}).filter(([, kind]) => kind === 'binary');
  return {
    description: 'The part that Range asks for',
    headers: headersOf('ETag', 'Accept-Ranges', 'Last-Modified', 'Content-Range'),
    content: Object.fromEntries(parts.map(([type, kind]) => [type, { schema: KIND[kind] }])),
  };
}

function inOnePiece({ content = {} }: EndpointSpec): Json {
  return Object.fromEntries(Object.entries(content).map(([type, kind]) => [type, { schema: KIND[kind] }]));
}

const KIND: Record<ContentKind, Json> = {
  text: { type: 'string' },
  binary: { type: 'string', format: 'binary' },
};

/** OpenAPI 3.1 has no words for what a stream is made of; `x-item-schema` stands where 3.2 has `itemSchema`. */
function streams({ streams = {}, answer }: EndpointSpec, schemas: Components): Json {
  // One JSON document that is made while it is sent is described by `answer`.
  const described = Object.entries(streams).filter(([type]) => !(answer && type === 'application/json'));
  return Object.fromEntries(
    described.map(([type, kind]) => {
      if (!(kind instanceof z.ZodType)) return [type, { schema: KIND[kind] }];
      return [type, { schema: KIND.text, 'x-item-schema': jsonSchema(kind, 'output', schemas) }];
    }),
  );
}

function events({ events }: EndpointSpec, schemas: Components): Json {
  if (!events) return {};
  const described = Object.entries(events).map(([name, schema]) => [
    name,
    jsonSchema(schema, 'output', schemas),
  ]);
  return { [EVENT_STREAM]: { schema: KIND.text, 'x-events': Object.fromEntries(described) } };
}
