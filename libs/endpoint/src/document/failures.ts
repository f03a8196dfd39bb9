import { declaredErrors } from '../declared-errors.ts';
import { DETAIL_CODES, MAX_DETAILS, MAX_FIELD_LENGTH } from '../detail.ts';
import { ValidationFailed } from '../failure.ts';
import { isScimType, SCIM_ERROR, SCIM_TYPE } from '../scim-failure.ts';
import type { EndpointSpec } from '../spec.ts';
import { headersOf } from './headers.ts';
import { type Components, type Json, schemaReference } from './json-schema.ts';

/**
 * The `responses` of an operation for its failures, by status. Each refers to a shared response, which is the same for
 * all operations that answer these codes with this status.
 */
export function failureResponses(spec: EndpointSpec, schemas: Components, responses: Components): Json {
  const own = new Set(spec.errors);
  const byStatus = Map.groupBy(declaredErrors(spec), ({ status }) => status);
  return Object.fromEntries(
    [...byStatus].map(([status, errors]) => {
      const codes = [...new Set(errors.map(({ code }) => code))].sort();
      const name = `${prefixOf(spec)}${codes.map(pascal).join('Or')}${status}`;
      responses[name] ??= failureResponse(status, codes, schemas, spec);
      const reference = { $ref: `#/components/responses/${name}` };
      // Only what the endpoint itself declares needs words of its own.
      if (!errors.some(error => own.has(error))) return [String(status), reference];
      const words = new Map(
        errors.map(({ code, summary }) => [code, summary]).reverse() as [string, string][],
      );
      const description = codes.map(code => `\`${code}\`: ${words.get(code)}`).join('\n\n');
      return [String(status), { ...reference, description }];
    }),
  );
}

function failureResponse(
  status: number,
  codes: readonly string[],
  schemas: Components,
  spec: Pick<EndpointSpec, 'protocol'>,
): Json {
  const { protocol } = spec;
  const oauth = protocol === 'oauth';
  if (protocol === 'scim') return scimResponse(status, codes, schemas);
  const schema = `${prefixOf(spec)}${codes.map(pascal).join('Or')}Error`;
  schemas.Error ??= ANY_ERROR;
  schemas.ErrorDetail ??= DETAIL;
  const code = { type: 'string', enum: codes };
  schemas[schema] ??= oauth ? oauthSchema(code) : errorSchema(code);
  return {
    ...described(status, codes),
    content: {
      'application/json': {
        schema: schemaReference(schema),
        examples: Object.fromEntries(
          codes.map(code => [code, { value: oauth ? oauthExample(code) : failureExample(code) }]),
        ),
      },
    },
  };
}

const prefixOf = ({ protocol }: Pick<EndpointSpec, 'protocol'>) =>
  protocol === undefined ? '' : protocol === 'oauth' ? 'OAuth' : 'Scim';

function described(status: number, codes: readonly string[]): Json {
  return {
    description: codes.map(code => `\`${code}\``).join(', '),
    headers: headersOf(
      ...(status === 415 ? ['Accept', 'Accept-Encoding'] : []),
      ...(status === 416 ? ['Content-Range'] : []),
      ...(status === 401 ? ['WWW-Authenticate'] : []),
      ...(status === 429 || status === 503 ? ['Retry-After'] : []),
    ),
  };
}

/** RFC 7644, section 3.12. */
function scimResponse(status: number, codes: readonly string[], schemas: Components): Json {
  const types = codes.filter(isScimType);
  const schema = `Scim${types.map(pascal).join('Or')}${status}Error`;
  schemas[schema] ??= {
    type: 'object',
    properties: {
      schemas: { type: 'array', items: { type: 'string' } },
      status: { type: 'string', enum: [String(status)] },
      ...(types.length > 0 ? { scimType: { type: 'string', enum: types } } : {}),
      detail: { type: 'string', description: 'For people' },
    },
    required: ['schemas', 'status'],
  };
  const examples = codes.map(code => {
    const scimType = isScimType(code) ? { scimType: code } : {};
    const value = { schemas: [SCIM_ERROR], status: String(status), ...scimType, detail: sentence(code) };
    return [code, { value }];
  });
  return {
    ...described(status, codes),
    content: { [SCIM_TYPE]: { schema: schemaReference(schema), examples: Object.fromEntries(examples) } },
  };
}

const DETAIL: Json = {
  type: 'object',
  description: 'One field that is wrong, or one fact behind a refusal',
  properties: {
    field: {
      type: 'string',
      maxLength: MAX_FIELD_LENGTH,
      description: 'Where it stands, as in `body.email`',
    },
    code: { type: 'string', enum: [...DETAIL_CODES], description: 'For programs; may gain values' },
    reason: { type: 'string', description: 'For people' },
  },
  required: ['field', 'code', 'reason'],
};

const CODE: Json = {
  type: 'string',
  pattern: '^[A-Z][A-Z0-9_]*$',
  description: 'For programs; what each code means stands in docs/errors.md',
};

function errorSchema(code: Json): Json {
  return {
    type: 'object',
    properties: {
      success: { type: 'boolean', const: false },
      error: {
        type: 'object',
        properties: {
          code,
          message: { type: 'string', description: 'For people' },
          details: { type: 'array', maxItems: MAX_DETAILS, items: schemaReference('ErrorDetail') },
          request_id: { type: 'string', description: 'The same as X-Request-Id' },
        },
        required: ['code', 'message', 'request_id'],
      },
    },
    required: ['success', 'error'],
  };
}

/** RFC 6749, section 5.2. */
function oauthSchema(code: Json): Json {
  return {
    type: 'object',
    properties: { error: code, error_description: { type: 'string', description: 'For people' } },
    required: ['error', 'error_description'],
  };
}

const oauthExample = (code: string): Json => ({ error: code, error_description: sentence(code) });

/** What every failure is, whichever its code. */
const ANY_ERROR = { ...errorSchema(CODE), description: 'Every failure has this shape' };

function failureExample(code: string): Json {
  const details =
    code === ValidationFailed.code
      ? [{ field: 'body.email', code: 'required', reason: 'is required' }]
      : undefined;
  const request_id = '0b9c5f3e-7d0a-4c51-9a3e-2f1d8c6b7a54';
  const message = sentence(code);
  return { success: false, error: { code, message, ...(details ? { details } : {}), request_id } };
}

/** `INVALID_TOKEN` is `InvalidToken`. */
function pascal(code: string): string {
  return code
    .toLowerCase()
    .split('_')
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** `INVALID_TOKEN` is `Invalid token`. */
function sentence(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
