import type { z } from 'zod';
import { isOpen } from '../caller-of.ts';
import { cookieName } from '../cookies.ts';
import { hasRanges, mayBeConditional } from '../declared-errors.ts';
import { hasEntityTag } from '../entity-tag.ts';
import { isSafe, requiredScope } from '../required-scope.ts';
import type { EndpointSpec } from '../spec.ts';
import { failureResponses } from './failures.ts';
import { type Components, type Json, jsonSchema } from './json-schema.ts';
import { requestBody } from './request-body.ts';
import { successResponse } from './success.ts';

/** The operation object of an endpoint. What it refers to is added to `schemas` and `responses`. */
export function operation(spec: EndpointSpec, tag: string, schemas: Components, responses: Components): Json {
  return {
    operationId: spec.operation,
    tags: [tag],
    summary: spec.summary,
    ...description(spec),
    ...security(spec),
    ...(spec.deprecated ? { deprecated: true, 'x-sunset': spec.deprecated.sunset } : {}),
    'x-caller': spec.caller,
    ...reach(spec),
    ...(spec.impersonated ? { 'x-impersonation': true } : {}),
    ...(spec.fresh ? { 'x-fresh-authentication': true } : {}),
    ...(spec.protocol ? { 'x-protocol': spec.protocol } : {}),
    ...(spec.clients ? { 'x-clients': true } : {}),
    ...(spec.workspace ? { 'x-workspace': spec.workspace } : {}),
    ...(spec.rateLimit ? { 'x-rate-limit-class': spec.rateLimit } : {}),
    parameters: [
      ...parameters('path', spec.params, schemas),
      ...parameters('query', spec.query, schemas),
      // Listed below, as of all changes.
      ...parameters('header', spec.headers, schemas).filter(({ name }) => name !== 'if-match'),
      ...idempotencyKey(spec),
      ...(hasEntityTag(spec) ? [PARAMETER.IfNoneMatch] : []),
      ...(hasRanges(spec) ? [PARAMETER.Range, PARAMETER.IfRange] : []),
      ...(spec.events ? [PARAMETER.LastEventId] : []),
      ...cookies(spec),
      ...(mayBeConditional(spec) ? [PARAMETER.IfMatch] : []),
    ],
    ...(spec.body || spec.accepts ? { requestBody: requestBody(spec, schemas) } : {}),
    responses: { ...successResponse(spec, schemas), ...failureResponses(spec, schemas, responses) },
  };
}

const FRESH =
  'Asks for a fresh authentication, with a second factor where the account has one: without it the answer is 401 ' +
  '`STEP_UP_REQUIRED`, and `stepUp` gives an access token that has it.';

function description({ description, fresh }: EndpointSpec): Json {
  const paragraphs = [description, fresh && FRESH].filter(Boolean);
  return paragraphs.length > 0 ? { description: paragraphs.join('\n\n') } : {};
}

/** What a token has to be, or to have, where one is read. */
function reach(spec: EndpointSpec): Json {
  if (spec.session) return { 'x-session': true };
  return readsToken(spec) && !spec.anyScope && spec.caller !== 'scim'
    ? { 'x-scope': requiredScope(spec) }
    : {};
}

function cookies({ cookies = {} }: EndpointSpec): Json[] {
  return Object.keys(cookies).map(name => ({
    name: cookieName(name),
    in: 'cookie',
    required: false,
    schema: { type: 'string' },
  }));
}

function idempotencyKey(spec: EndpointSpec): (Json | undefined)[] {
  const { idempotency } = spec;
  if (isSafe(spec) || idempotency === false) return [];
  const random = idempotency?.randomKey || idempotency?.spends;
  return [random ? PARAMETER.RandomIdempotencyKey : PARAMETER.IdempotencyKey];
}

/** `components.parameters` of the document. */
export const PARAMETERS: Components = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'The same key with the same request gives the same answer and changes nothing again; with another request 409.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]*$' },
    example: '0198f3c2-6f0a-7cc1-8a51-3f2d9b7e4c60',
  },
  RandomIdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'The same key with the same request gives the same answer for a short while. Tokens are answered here, so none but ' +
      'a long random key is taken: a UUID of version 4 or 7, or 22 random characters.',
    schema: { type: 'string', minLength: 22, maxLength: 255, pattern: '^[A-Za-z0-9_-]*$' },
    example: '6f1d2c0e-9b7a-4d35-8c41-2e7f90ab5d63',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'The ETag of an earlier answer: 304 without a body while it is still the same.',
    schema: { type: 'string' },
    example: '"9b2f7c41d0e86a35b1c4f7e2a9d06c83"',
  },
  Range: {
    name: 'Range',
    in: 'header',
    required: false,
    description:
      'The part that is wanted; who wants several at once gets the whole (RFC 9110, section 14.2).',
    schema: { type: 'string' },
    example: 'bytes=0-1023',
  },
  IfRange: {
    name: 'If-Range',
    in: 'header',
    required: false,
    description:
      'The ETag, or Last-Modified, of the part that is there: the whole is answered when it has changed.',
    schema: { type: 'string' },
    example: '"9b2f7c41d0e86a35b1c4f7e2a9d06c83"',
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'The id of the last event that was received, from a client whose connection was lost.',
    schema: { type: 'string', maxLength: 255, pattern: '^[\\x20-\\x7e]*$' },
    example: '41',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description:
      'The ETag of what GET answered at this path: 412 when that has changed since, and where nothing can be read.',
    schema: { type: 'string' },
    example: '"9b2f7c41d0e86a35b1c4f7e2a9d06c83"',
  },
};

const PARAMETER = Object.fromEntries(
  Object.keys(PARAMETERS).map(name => [name, { $ref: `#/components/parameters/${name}` }]),
) as Record<keyof typeof PARAMETERS, Json>;

function security(spec: EndpointSpec): Json {
  if (spec.bearer === 'optional') return { security: [{}, { bearer: [] }] };
  if (spec.caller === 'scim') return { security: [{ scim: [] }] };
  if (spec.caller === 'client') return { security: [{}, { client: [] }] };
  return { security: readsToken(spec) ? [{ bearer: [] }] : [] };
}

function readsToken({ bearer, caller }: EndpointSpec): boolean {
  return bearer === 'optional' || !isOpen(caller);
}

function parameters(
  place: 'path' | 'query' | 'header',
  schema: z.ZodObject | undefined,
  schemas: Components,
): Json[] {
  if (!schema) return [];
  const whole = jsonSchema(schema, 'input', schemas) as { properties?: Components; required?: string[] };
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
