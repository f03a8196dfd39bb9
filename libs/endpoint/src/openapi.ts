import { z } from 'zod';
import { impliedErrors } from './authorize.ts';
import type { Endpoint } from './endpoint.ts';
import { type ErrorDeclaration, IdempotencyConflict, RateLimited, ValidationFailed } from './failure.ts';
import { templatePath } from './path.ts';
import type { EndpointSpec } from './spec.ts';

type Json = Record<string, unknown>;

/** The part of an OpenAPI 3.1 document that one service declares. */
export interface OpenApiFragment {
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Json>>;
}

/** @param groups endpoints by tag, as the service lists them */
export function openApiFragment(groups: Record<string, readonly Endpoint[]>): OpenApiFragment {
  const paths: OpenApiFragment['paths'] = {};
  for (const [tag, endpoints] of Object.entries(groups)) {
    for (const { spec } of endpoints) {
      if (spec.caller === 'internal') continue;
      paths[templatePath(spec)] ??= {};
      paths[templatePath(spec)]![spec.method] = operation(spec, tag);
    }
  }
  return { tags: publicTags(groups).map(name => ({ name })), paths };
}

/** A group of which everything is internal has nothing to show. */
function publicTags(groups: Record<string, readonly Endpoint[]>): string[] {
  return Object.entries(groups)
    .filter(([, endpoints]) => endpoints.some(({ spec }) => spec.caller !== 'internal'))
    .map(([tag]) => tag);
}

function operation(spec: EndpointSpec, tag: string): Json {
  return {
    operationId: operationId(spec),
    tags: [tag],
    summary: spec.summary,
    ...(spec.description ? { description: spec.description } : {}),
    ...security(spec),
    'x-caller': spec.caller,
    ...(spec.rateLimit ? { 'x-rate-limit-class': spec.rateLimit } : {}),
    parameters: [
      ...parameters('path', spec.params),
      ...parameters('query', spec.query),
      ...parameters('header', spec.headers),
      ...keyHeader(spec),
    ],
    ...(spec.body
      ? {
          requestBody: {
            required: !spec.body.safeParse({}).success,
            content: { 'application/json': { schema: schemaOf(spec.body.strict(), 'input') } },
          },
        }
      : {}),
    responses: { ...success(spec), ...failures(spec) },
  };
}

/** `get /sessions/:session_id` is `get_sessions_by_session_id`. */
export function operationId(spec: Pick<EndpointSpec, 'method' | 'path'>): string {
  const words = spec.path.split('/').filter(Boolean);
  return [spec.method, ...words.map(word => (word.startsWith(':') ? `by_${word.slice(1)}` : word))]
    .join('_')
    .replace(/[^a-zA-Z0-9_]+/g, '_');
}

function security(spec: EndpointSpec): Json {
  if (spec.bearer === 'optional') return { security: [{}, { bearer: [] }] };
  return { security: spec.caller === 'public' || spec.caller === 'token' ? [] : [{ bearer: [] }] };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
}

function parameters(place: 'path' | 'query' | 'header', schema: z.ZodObject | undefined): Json[] {
  if (!schema) return [];
  const whole = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(whole.properties ?? {}).map(([name, property]) => {
    const { description, ...type } = property;
    return {
      name,
      in: place,
      required: place === 'path' || (whole.required?.includes(name) ?? false),
      ...(description ? { description } : {}),
      schema: type,
    };
  });
}

function keyHeader(spec: EndpointSpec): Json[] {
  if (spec.method === 'get' || spec.idempotency === false) return [];
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same key and body gives the same answer; a different body 409',
      schema: { type: 'string', maxLength: 255 },
    },
  ];
}

function success(spec: EndpointSpec): Json {
  const status = spec.status ?? 200;
  if (status === 204) return { '204': { description: 'Done' } };
  const data = spec.answer ? schemaOf(spec.answer, 'output') : undefined;
  const schema = spec.bare
    ? data
    : {
        type: 'object',
        properties: { success: { const: true }, ...(data ? { data } : {}), message: { type: 'string' } },
        required: ['success', ...(data ? ['data'] : [])],
      };
  return {
    [String(status)]: {
      description: spec.message ?? spec.summary,
      content: { 'application/json': { schema: schema ?? {} } },
    },
  };
}

/** The errors that an endpoint may answer: its own, and those that the library answers for it. */
export function declaredErrors(spec: EndpointSpec): ErrorDeclaration[] {
  const own = [...(spec.errors ?? []), ...impliedErrors(spec), ValidationFailed, RateLimited];
  if (spec.method !== 'get' && spec.idempotency !== false) own.push(IdempotencyConflict);
  return [...new Map(own.map(declaration => [declaration.code, declaration])).values()];
}

function failures(spec: EndpointSpec): Json {
  const byStatus = Map.groupBy(declaredErrors(spec), declaration => declaration.status);
  return Object.fromEntries(
    [...byStatus].map(([status, declarations]) => [
      String(status),
      {
        description: declarations.map(({ code, summary }) => `\`${code}\`: ${summary}`).join('\n\n'),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
      },
    ]),
  );
}

/** What every fragment refers to; stands once in the merged document. */
export const openApiComponents: Json = {
  securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  schemas: {
    Failure: {
      type: 'object',
      properties: {
        success: { const: false },
        error: {
          type: 'object',
          properties: {
            code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' },
            message: { type: 'string' },
            details: {
              type: 'array',
              items: {
                type: 'object',
                properties: { field: { type: 'string' }, reason: { type: 'string' } },
                required: ['field', 'reason'],
              },
            },
            request_id: { type: 'string' },
          },
          required: ['code', 'message', 'request_id'],
        },
      },
      required: ['success', 'error'],
    },
  },
};
