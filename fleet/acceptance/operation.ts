import type { AcceptanceFleet } from './fleet.ts';

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
}

/** An operation of the fleet's OpenAPI document. */
export interface Operation {
  name: string;
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  signedIn: boolean;
  caller: string;
  /** Whether it refuses in the words of RFC 6749, or those of RFC 7644. */
  protocol: 'oauth' | 'scim' | undefined;
  parameters: { name: string; in: string; required?: boolean; schema: Schema }[];
  /** What is sent as JSON. */
  body: Schema | undefined;
  /** What is sent under each media type that is taken; undefined where no body is. */
  content: Record<string, Media> | undefined;
  responses: Record<string, unknown>;
}

interface Media {
  schema: Schema;
  /** A body that is taken as it stands. */
  example?: unknown;
  /** The types of each file of a multipart body. */
  encoding?: Record<string, { contentType: string }>;
}

/** The part of an OpenAPI operation object that is read here. */
interface DocumentedOperation {
  security: object[];
  'x-caller': string;
  'x-protocol'?: 'oauth' | 'scim';
  parameters?: Operation['parameters'];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, unknown>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Every operation that the fleet says it has. */
export async function operationsOf(fleet: AcceptanceFleet): Promise<Operation[]> {
  const { body: document } = await fleet.caller().get('/api/v1/openapi.json');
  const resolved = (schema: Schema | undefined): Schema | undefined =>
    schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!] : schema;
  return Object.entries(
    document.paths as Record<string, Partial<Record<string, DocumentedOperation>>>,
  ).flatMap(([path, methods]) =>
    METHODS.filter(method => methods[method]).map(method => {
      const operation = methods[method]!;
      return {
        name: `${method.toUpperCase()} ${path}`,
        method,
        path,
        signedIn:
          operation.security.length > 0 &&
          operation.security.every(scheme => 'bearer' in scheme || 'scim' in scheme),
        caller: operation['x-caller'],
        protocol: operation['x-protocol'],
        parameters: operation.parameters ?? [],
        body: resolved(operation.requestBody?.content['application/json']?.schema),
        content: operation.requestBody?.content,
        responses: operation.responses,
      };
    }),
  );
}

/** The path with its parameters filled in; those not given are 1. */
export function fill(path: string, values: Record<string, string | number> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name] ?? 1)));
}

/** A value that no schema of the property's type takes. */
export function wrongValue(schema: Schema): unknown {
  const types = [schema, ...(schema.anyOf ?? [])].flatMap(({ type }) => type ?? []);
  return types.includes('object') ? 'no object' : { not: 'expected' };
}

/**
 * Refuses an answer that is not the documented failure of one of these statuses, in the shape that the operation has; where
 * OAuth or SCIM is spoken, a wrong form is 400 and nothing is 422.
 */
export function expectRefusal(
  { name, protocol }: Operation,
  what: string,
  answer: { status: number; body: never; headers: Headers },
  statuses: number[],
): void {
  if (protocol === undefined) {
    expectFailure(`${name} ${what}`, answer, statuses);
    return;
  }
  const { status, body } = answer as {
    status: number;
    body: Record<string, unknown>;
  };
  const expected = statuses.map(one => (one === 422 ? 400 : one));
  const shaped =
    protocol === 'oauth'
      ? /^[a-z_]+$/.test(String(body?.error)) &&
        typeof body.error_description === 'string' &&
        Object.keys(body).length === 2
      : body?.status === String(status) && typeof body.detail === 'string' && Array.isArray(body.schemas);
  if (!expected.includes(status) || !shaped)
    throw new Error(`${name} ${what}: was answered ${status} ${JSON.stringify(body)?.slice(0, 300)}`);
}

/** Refuses an answer that is not the documented failure of the status. */
function expectFailure(
  what: string,
  answer: { status: number; body: never; headers: Headers },
  statuses: number[],
): void {
  const { status, body } = answer as {
    status: number;
    body: { success?: boolean; error?: Record<string, unknown>; scimType?: string };
  };
  if (!statuses.includes(status))
    throw new Error(
      `${what}: expected ${statuses.join(' or ')}, was answered ${status} ${JSON.stringify(body)?.slice(0, 300)}`,
    );
  const { code, message, request_id, details } = body?.error ?? {};
  const shaped =
    body?.success === false &&
    /^[A-Z][A-Z0-9_]+$/.test(String(code)) &&
    typeof message === 'string' &&
    message.length > 0 &&
    typeof request_id === 'string';
  if (!shaped) throw new Error(`${what}: ${status} is not in the documented shape: ${JSON.stringify(body)}`);
  if (status === 422 && code === 'VALIDATION_ERROR' && !Array.isArray(details))
    throw new Error(`${what}: 422 without details`);
  if (answer.headers.get('x-request-id') !== request_id)
    throw new Error(`${what}: X-Request-Id differs from the body's`);
}
