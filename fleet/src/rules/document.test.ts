import {
  declaredErrors,
  type EndpointSpec,
  isScimType,
  mergeFragments,
  openApiFragment,
  SCIM_TYPE,
} from '@rivergate/endpoint';
import { example } from '@rivergate/example';
import { endpointsByTag } from '@rivergate/service';
import { describe, expect, it } from 'vitest';
import { definitions as ownDefinitions } from '../services.ts';

/** With the example, from which others are copied, in the place that it has. */
const definitions = ownDefinitions.map(own => (own.name === example.name ? example : own));

type Json = Record<string, unknown>;

const merged = mergeFragments(definitions.map(definition => openApiFragment(endpointsByTag(definition))));
const specs = definitions
  .flatMap(definition => Object.values(endpointsByTag(definition)).flat())
  .map(({ spec }) => spec)
  .filter(({ caller }) => caller !== 'internal');
const operations = new Map(
  Object.values(merged.paths)
    .flatMap(item => Object.values(item))
    .map(operation => [operation.operationId as string, operation]),
);
const operationOf = ({ operation }: EndpointSpec) => operations.get(operation)!;
const contentOf = (described: unknown) =>
  (described as { content?: Record<string, { schema: Json; example?: unknown }> } | undefined)?.content ?? {};
const responsesOf = (spec: EndpointSpec) => operationOf(spec).responses as Record<string, Json>;
const resolve = ({ $ref }: Json) => merged.components.responses![String($ref).split('/').at(-1)!]!;

/** Every schema of the document with where it stands, however deep. */
function* schemasIn(value: unknown, path: string): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value && !Array.isArray(value)) yield [path, value as Json];
  for (const [key, member] of Object.entries(value)) yield* schemasIn(member, `${path}/${key}`);
}
const schemas = [...schemasIn({ paths: merged.paths, components: merged.components }, '')];

describe('the declarations of the whole fleet', () => {
  it('give no name, path or operation to two different things', () => {
    expect(merged.clashes).toEqual([]);
    expect(operations.size).toBe(specs.length);
  });

  it('name operations as people would call them', () => {
    for (const { operation } of specs) expect(operation).toMatch(/^[a-z]+([A-Z][a-z]+)*$/);
  });

  it('name what clients hold in their hands', () => {
    expect(Object.keys(merged.components.schemas!)).toEqual(
      expect.arrayContaining(['Organization', 'Member', 'Workspace', 'Invitation', 'Role', 'TokenBundle']),
    );
    expect(Object.keys(merged.components.schemas!)).toEqual(
      expect.arrayContaining(['Session', 'User', 'AuditLogEntry', 'Error', 'ErrorDetail']),
    );
  });

  it('say of every integer how many bits it has', () => {
    const integers = schemas.filter(([, { type }]) => [type].flat().includes('integer'));
    expect(integers.length).toBeGreaterThan(50);
    expect(integers.filter(([, { format }]) => !format).map(([path]) => path)).toEqual([]);
  });

  it('have patterns that RE2 and Python run too', () => {
    const patterns = schemas.filter(([, { pattern }]) => pattern);
    expect(patterns.length).toBeGreaterThan(5);
    for (const [path, { pattern }] of patterns)
      expect(String(pattern), path).not.toMatch(/\\[pPuk1-9]|\(\?[=!<]/);
  });

  it('leave room in answers and none in requests', () => {
    for (const spec of specs) {
      const { requestBody } = operationOf(spec);
      // By the rules of OAuth unknown fields are ignored; nothing nests in what it takes.
      const open =
        spec.protocol !== undefined || spec.accepts?.some(kind => kind.kind === 'form' && kind.oauth);
      for (const [path, schema] of schemasIn(requestBody, spec.operation))
        if (schema.type === 'object' && schema.properties)
          expect(schema.additionalProperties, `${path}: nested objects of a request are strict, too`).toBe(
            open ? undefined : false,
          );
      for (const [path, schema] of schemasIn(responsesOf(spec), spec.operation))
        if (schema.type === 'object') expect(schema.additionalProperties, path).not.toBe(false);
    }
  });
});

/** What an example shows of a text that nobody has given a meaning. */
const UNTOLD = /[:[,]"text"(?!:)/;

describe.each(specs.map(spec => [spec.operation, spec] as const))('%s', (_operation, spec) => {
  it('shows examples that it takes and gives', () => {
    const content = Object.values(contentOf(operationOf(spec).requestBody));
    if (spec.body) expect(content).not.toEqual([]);
    for (const { example } of content.filter(media => 'example' in media)) {
      expect(spec.body?.strict().safeParse(example).error?.issues).toBeUndefined();
      expect(JSON.stringify(example), 'give texts a meaning with .meta({ examples })').not.toMatch(UNTOLD);
    }
    const answer = contentOf(responsesOf(spec)[spec.status ?? 200])['application/json'];
    if (!answer) return;
    expect(JSON.stringify(answer.example), 'give texts a meaning with .meta({ examples })').not.toMatch(
      UNTOLD,
    );
    const { data } = answer.example as { data?: unknown };
    expect(spec.answer?.safeParse(spec.bare ? answer.example : data).error?.issues).toBeUndefined();
  });

  it('lists every code that it answers, under its status', () => {
    const responses = responsesOf(spec);
    for (const { code, status } of declaredErrors(spec)) {
      if (spec.protocol === 'scim' && !isScimType(code)) continue;
      const type = spec.protocol === 'scim' ? SCIM_TYPE : 'application/json';
      const schema = contentOf(resolve(responses[status]!))[type]!.schema;
      const named = merged.components.schemas![String(schema.$ref).split('/').at(-1)!] as {
        properties: {
          error: { enum?: string[]; properties: { code: { enum: string[] } } };
          scimType?: { enum: string[] };
        };
      };
      const { error, scimType } = named.properties;
      const codes = spec.protocol ? (scimType ?? error).enum : error.properties.code.enum;
      expect(codes).toContain(code);
    }
    expect('422' in responses).toBe(spec.protocol === undefined);
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['400', '413', '415', '429', '500', '502', '503', '504']),
    );
  });
});
