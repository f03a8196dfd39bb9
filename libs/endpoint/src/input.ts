import type { Request } from 'express';
import { z } from 'zod';
import { describeIssue, ISSUE_CONTEXT } from './describe-issue.ts';
import { type FailureDetail, MAX_DETAILS } from './detail.ts';
import { UnsupportedMediaType, ValidationFailed } from './failure.ts';
import { parseJson } from './json.ts';
import { publicPath } from './path.ts';
import type { EndpointSpec } from './spec.ts';
import { collectUnstorable } from './unstorable.ts';

type Part = 'params' | 'query' | 'body' | 'headers';

export interface Parts {
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  body: Record<string, unknown>;
  headers: Record<string, unknown>;
}

const NOTHING = z.strictObject({});

/** Reads an endpoint's requests in two steps, so that a caller without rights learns nothing of the rest. */
export interface InputReader {
  /** @throws ValidationFailed (422) */
  params(request: Pick<Request, 'params'>): Record<string, unknown>;
  /** @throws MalformedRequest (400), UnsupportedMediaType (415), ValidationFailed (422) */
  rest(request: Pick<Request, 'query' | 'body' | 'headers'>): Omit<Parts, 'params'>;
}

/** Every part is strict: a field that is not declared is refused. Of the headers, only declared ones are read. */
export function inputReader(spec: EndpointSpec): InputReader {
  const schemas = {
    params: (spec.params ?? NOTHING).strict(),
    query: (spec.query ?? NOTHING).strict(),
    body: (spec.body ?? NOTHING).strict(),
    headers: spec.headers ?? z.object({}),
  };
  if (spec.body)
    requireBoundedLists(spec, z.toJSONSchema(spec.body, { io: 'input', unrepresentable: 'any' }));
  const fromText = { params: textual(schemas.params), query: textual(schemas.query) };

  const read = (part: Part, value: unknown, details: FailureDetail[]): Record<string, unknown> => {
    if (part !== 'headers') collectUnstorable(value, part, details);
    const result = schemas[part].safeParse(value, ISSUE_CONTEXT);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      if (details.length >= MAX_DETAILS) break;
      details.push(...describeIssue(part, issue));
    }
    return {};
  };
  const refuseIfAny = (details: FailureDetail[]) => {
    if (details.length > 0) throw ValidationFailed(undefined, details);
  };

  return {
    params(request) {
      const details: FailureDetail[] = [];
      const params = read('params', fromText.params({ ...request.params }), details);
      refuseIfAny(details);
      return params;
    },
    rest(request) {
      const details: FailureDetail[] = [];
      const rest = {
        query: read('query', fromText.query({ ...request.query }), details),
        body: read('body', readBody(request, spec.valueLimit), details),
        headers: read('headers', request.headers, details),
      };
      refuseIfAny(details);
      return rest;
    },
  };
}

/**
 * A list is as long as its declaration lets it be, and a longer one is refused before its elements are looked at:
 * without a bound, each of them could be wrong in every field.
 */
function requireBoundedLists(spec: EndpointSpec, schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('type' in schema && schema.type === 'array' && !('maxItems' in schema || 'prefixItems' in schema)) {
    throw new Error(
      `${spec.method} ${publicPath(spec)} takes a list without a maximum: declare one by max()`,
    );
  }
  for (const part of Object.values(schema)) requireBoundedLists(spec, part);
}

function readBody(request: Pick<Request, 'body' | 'headers'>, valueLimit: number | undefined): unknown {
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return {};
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw UnsupportedMediaType();
  }
  return parseJson(bytes, valueLimit);
}

/** Reads the text of a path or query as the type that the schema wants there; only canonical forms count. */
function textual(schema: z.ZodObject): (values: Record<string, unknown>) => Record<string, unknown> {
  const types = new Map<string, string>();
  for (const [name, field] of Object.entries(schema.shape)) {
    const type = z.toJSONSchema(field as z.ZodType, { io: 'input', unrepresentable: 'any' }).type;
    if (type === 'integer' || type === 'number' || type === 'boolean') types.set(name, type);
  }
  return values => {
    for (const [name, type] of types) {
      const text = values[name];
      if (typeof text !== 'string') continue;
      if (type === 'boolean' && (text === 'true' || text === 'false')) values[name] = text === 'true';
      else if (type !== 'boolean' && /^-?(?:0|[1-9]\d*)$/.test(text)) values[name] = Number(text);
    }
    return values;
  };
}
