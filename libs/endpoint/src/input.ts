import type { Request } from 'express';
import { z } from 'zod';
import { type FailureDetail, UnsupportedMediaType, ValidationFailed } from './failure.ts';
import { parseJson } from './json.ts';
import type { EndpointSpec } from './spec.ts';

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
  params(request: Request): Record<string, unknown>;
  /** @throws MalformedRequest (400), UnsupportedMediaType (415), ValidationFailed (422) */
  rest(request: Request): Omit<Parts, 'params'>;
}

/** Every part is strict: a field that is not declared is refused. Of the headers, only declared ones are read. */
export function inputReader(spec: EndpointSpec): InputReader {
  const schemas = {
    params: (spec.params ?? NOTHING).strict(),
    query: (spec.query ?? NOTHING).strict(),
    body: (spec.body ?? NOTHING).strict(),
    headers: spec.headers ?? z.object({}),
  };
  const fromText = { params: textual(schemas.params), query: textual(schemas.query) };

  const read = (part: Part, value: unknown, details: FailureDetail[]): Record<string, unknown> => {
    if (part !== 'headers') collectUnstorable(value, part, details);
    const result = schemas[part].safeParse(value);
    if (result.success) return result.data;
    details.push(...result.error.issues.flatMap(issue => describe(part, issue)));
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
        body: read('body', readBody(request), details),
        headers: read('headers', request.headers, details),
      };
      refuseIfAny(details);
      return rest;
    },
  };
}

function readBody(request: Request): unknown {
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return {};
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw UnsupportedMediaType();
  }
  return parseJson(bytes);
}

function describe(part: Part, issue: z.core.$ZodIssue): FailureDetail[] {
  const field = (...path: PropertyKey[]) => [part, ...path].map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, 20)
      .map(key => ({ field: field(...issue.path, key.slice(0, 100)), reason: 'unknown field' }));
  }
  return [{ field: field(...issue.path), reason: issue.message }];
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; nobody means to send them. */
function collectUnstorable(value: unknown, path: string, details: FailureDetail[]): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) details.push({ field: path, reason: 'must not hold the NUL character' });
    else if (!value.isWellFormed()) details.push({ field: path, reason: 'must be well-formed Unicode' });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (key.includes('\0') || !key.isWellFormed())
        details.push({ field: path, reason: 'has a key that cannot be stored' });
      collectUnstorable(member, `${path}.${key.slice(0, 100)}`, details);
    }
  }
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
