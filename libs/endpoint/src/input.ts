import type { Request } from 'express';
import { z } from 'zod';
import { ignoresUnknown } from './body/kinds.ts';
import type { ReadBody } from './body/read-body.ts';
import type { Upload } from './body/upload.ts';
import { describeIssue, ISSUE_CONTEXT } from './describe-issue.ts';
import { type FailureDetail, MAX_DETAILS } from './detail.ts';
import { ValidationFailed } from './failure.ts';
import { publicPath } from './path.ts';
import type { EndpointSpec } from './spec.ts';
import { collectUnstorable } from './unstorable.ts';

type Part = 'params' | 'query' | 'body' | 'headers';

export interface Parts {
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  body: Record<string, unknown>;
  headers: Record<string, unknown>;
  /** Where the endpoint declares that it reads it. */
  rawQuery?: string;
  /** In which the request acts, where the endpoint has found one that is not the active one. */
  organizationId?: number;
  /** Where files are taken; `prepare` reads it. */
  files?: Upload;
}

const NOTHING = z.strictObject({});

/** Reads an endpoint's requests in two steps, so that a caller without rights learns nothing of the rest. */
export interface InputReader {
  /** @throws ValidationFailed (422) */
  params(request: Pick<Request, 'params'>): Record<string, unknown>;
  /** @throws ValidationFailed (422) */
  rest(request: Pick<Request, 'query' | 'headers' | 'originalUrl'>, body: ReadBody): Omit<Parts, 'params'>;
}

/** Every part is strict: a field that is not declared is refused, and ignored in a query or body that is a `looseObject`. Of the headers, only declared ones are read. */
export function inputReader(spec: EndpointSpec): InputReader {
  const schemas = {
    params: (spec.params ?? NOTHING).strict(),
    query: closed(spec.query ?? NOTHING),
    body: closed(spec.body ?? NOTHING),
    headers: spec.headers ?? NOTHING,
  };
  if (spec.body)
    requireBoundedLists(spec, z.toJSONSchema(spec.body, { io: 'input', unrepresentable: 'any' }));
  const reading = {
    params: textual(schemas.params),
    query: textual(schemas.query),
    body: textual(schemas.body),
  };
  const isOauth = spec.protocol === 'oauth';
  // SCIM's documents are read by their handlers, under whatever names their members come.
  const openBody = spec.protocol === 'scim' ? schemas.body.loose() : schemas.body.strip();
  const querySchema = spec.protocol ? schemas.query.strip() : schemas.query;

  const read = (
    part: Part,
    value: unknown,
    details: FailureDetail[],
    schema: z.ZodObject = schemas[part],
  ): Record<string, unknown> => {
    if (part !== 'headers') collectUnstorable(value, part, details);
    const result = schema.safeParse(value, ISSUE_CONTEXT);
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
      const params = read('params', reading.params({ ...request.params }), details);
      refuseIfAny(details);
      return params;
    },
    rest(request, { kind, value, upload }) {
      const details: FailureDetail[] = [];
      const comesAsText = kind?.kind === 'form' || kind?.kind === 'multipart';
      const body = comesAsText ? reading.body(value as Record<string, unknown>) : value;
      const rest = {
        query: read(
          'query',
          reading.query(isOauth ? sent(request.query) : { ...request.query }),
          details,
          querySchema,
        ),
        body: read('body', body, details, kind && ignoresUnknown(spec, kind) ? openBody : schemas.body),
        headers: spec.headers ? read('headers', request.headers, details) : {},
        ...(spec.rawQuery && { rawQuery: rawQueryOf(request.originalUrl) }),
      };
      refuseIfAny(details);
      return upload ? { ...rest, files: upload } : rest;
    },
  };
}

function rawQueryOf(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}

/** A part that others may add to says so by being loose; what they add is dropped. */
function closed(part: z.ZodObject): z.ZodObject {
  return part.def.catchall instanceof z.ZodUnknown ? part.strip() : part.strict();
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

/** Parameters without a value count as not sent (RFC 6749, section 3.1). */
function sent(query: Request['query']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

/** Reads the text of a path, query or form as the type that the schema wants there; only canonical forms count. */
function textual(schema: z.ZodObject): (values: Record<string, unknown>) => Record<string, unknown> {
  const types = new Map<string, { type: string; listed: boolean }>();
  for (const [name, field] of Object.entries(schema.shape)) {
    const written = z.toJSONSchema(field as z.ZodType, { io: 'input', unrepresentable: 'any' });
    const listed = written.type === 'array';
    const type = listed ? (written.items as { type?: string } | undefined)?.type : String(written.type);
    if (listed || type === 'integer' || type === 'number' || type === 'boolean')
      types.set(name, { type: type ?? 'string', listed });
  }
  return values => {
    for (const [name, { type, listed }] of types) {
      const given = values[name];
      if (given === undefined) continue;
      if (listed) values[name] = [given].flat().map(one => fromText(one, type));
      else values[name] = fromText(given, type);
    }
    return values;
  };
}

function fromText(text: unknown, type: string): unknown {
  if (typeof text !== 'string') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const isNumber = type === 'integer' || type === 'number';
  return isNumber && /^-?(?:0|[1-9]\d*)$/.test(text) ? Number(text) : text;
}
