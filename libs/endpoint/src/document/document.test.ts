import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { successAnswer } from '../answer.ts';
import { type BodyKind, form, json, multipart, raw } from '../body/kinds.ts';
import { content } from '../content.ts';
import { endpoints } from '../endpoint.ts';
import { error } from '../failure.ts';
import type { EndpointSpec } from '../spec.ts';
import { openApiFragment } from './fragment.ts';
import { mergeFragments } from './merge.ts';

// biome-ignore lint/suspicious/noExplicitAny: a document is read as deep as it goes
type Deep = any;

const endpoint = endpoints();
const declare = (more: Partial<EndpointSpec> & { operation: string; path: string }) =>
  endpoint({ method: 'get', summary: 'Something', caller: 'user', ...more } as EndpointSpec, async () => {});
const fragmentOf = (...specs: Parameters<typeof declare>[0][]) =>
  openApiFragment({ Things: specs.map(declare) });
const only = (spec: Partial<EndpointSpec>): Deep => {
  const { paths, components } = fragmentOf({ operation: 'useThing', path: '/things/:thing_id', ...spec });
  return { ...Object.values(Object.values(paths)[0]!)[0], components };
};

describe('declarations that contradict each other', () => {
  it('are refused: two names for the same place of one path', () => {
    expect(() =>
      fragmentOf(
        { operation: 'getThing', path: '/things/:thing_id' },
        { operation: 'deleteThing', path: '/things/:id', method: 'delete' },
      ),
    ).toThrow('/api/v1/things/{id} and /api/v1/things/{thing_id} are one path');
  });

  it('are refused: one operation twice', () => {
    expect(() =>
      fragmentOf({ operation: 'getThing', path: '/things/:id' }, { operation: 'getThing', path: '/thing' }),
    ).toThrow('/api/v1/thing and /api/v1/things/{id} both declare the operation getThing');
  });

  it('are refused: one name for two schemas', () => {
    const answer = z.object({
      one: z.object({ id: z.int() }).meta({ id: 'Twice' }),
      other: z.object({ id: z.string() }),
    });
    const twice = z.object({ id: z.string() }).meta({ id: 'Thing' });
    const thing = z.object({ id: z.int() }).meta({ id: 'Thing' });
    expect(() => only({ answer: answer.extend({ other: thing }), body: z.object({ other: twice }) })).toThrow(
      'The name Thing stands for two schemas',
    );
  });

  it('are told where services meet, and the first stands', () => {
    const first = fragmentOf({ operation: 'getThing', path: '/things/:thing_id' });
    const second = fragmentOf({ operation: 'getThing', path: '/things/:id' });
    const { paths, clashes } = mergeFragments([first, second]);
    expect(Object.keys(paths)).toEqual(['/api/v1/things/{thing_id}']);
    expect(clashes).toEqual(['path /api/v1/things/{id}, which is /api/v1/things/{thing_id} elsewhere']);
  });
});

describe('schemas', () => {
  it('are refused with a pattern that other languages cannot run, unless another is declared', () => {
    const name = z.string().regex(/^\p{L}+$/u);
    expect(() => only({ body: z.object({ name }) })).toThrow(/useThing cannot be documented: .*\\p\{L\}/);
    const body = z.object({ name: name.meta({ pattern: '^[^0-9]+$', description: 'Letters only' }) });
    expect(only({ body }).requestBody.content['application/json'].schema.properties.name).toMatchObject({
      pattern: '^[^0-9]+$',
      description: 'Letters only',
    });
  });

  it('refuse unknown fields in requests, and leave room for new ones in answers', () => {
    const shape = z.object({ id: z.int() });
    const { requestBody, responses } = only({ body: shape, answer: z.strictObject(shape.shape) });
    expect(requestBody.content['application/json'].schema.additionalProperties).toBe(false);
    expect(responses[200].content['application/json'].schema.properties.data).toEqual({
      type: 'object',
      properties: { id: { type: 'integer', maximum: Number.MAX_SAFE_INTEGER, format: 'int64' } },
      required: ['id'],
    });
  });

  it('with a name are components that are referred to', () => {
    const Thing = z.object({ id: z.int() }).meta({ id: 'Thing' });
    const { responses, components } = only({ answer: z.object({ thing: Thing, before: Thing.nullable() }) });
    const { data } = responses[200].content['application/json'].schema.properties;
    expect(data.properties).toEqual({
      thing: { $ref: '#/components/schemas/Thing' },
      before: { anyOf: [{ $ref: '#/components/schemas/Thing' }, { type: 'null' }] },
    });
    expect(components.schemas.Thing).toMatchObject({ type: 'object' });
  });
});

describe('bodies', () => {
  const body = z.object({ name: z.string() });
  const file = { types: ['image/png', 'image/gif'], maxBytes: 10 };
  const declared = (accepts: BodyKind[], more: object = {}) =>
    openApiFragment({
      Things: [
        endpoint(
          {
            operation: 'putThing',
            method: 'put',
            path: '/things',
            summary: '',
            caller: 'user',
            accepts,
            ...more,
          },
          { prepare: async () => {}, handle: async () => {} },
        ),
      ],
    });
  const bodyOf = (accepts: BodyKind[], more?: object): Deep =>
    declared(accepts, more).paths['/api/v1/things']!.put!.requestBody;

  it('stand under each media type that is taken; one schema of several is a component', () => {
    const { content } = bodyOf([json('application/json', 'application/scim+json'), form()], { body });
    const media = {
      schema: { $ref: '#/components/schemas/PutThingBody' },
      example: { name: 'Acme Corporation' },
    };
    expect(content).toEqual({
      'application/json': media,
      'application/scim+json': media,
      'application/x-www-form-urlencoded': media,
    });
  });

  it('of OAuth leave room for parameters that are not known', () => {
    const { schema } = bodyOf([form({ oauth: true })], { body }).content['application/x-www-form-urlencoded'];
    expect(schema.additionalProperties).toBeUndefined();
  });

  it('show files with their types and sizes, beside the fields or alone', () => {
    const binary = { type: 'string', format: 'binary', description: 'At most 10 bytes' };
    const files = { one: file, more: { ...file, maxCount: 3, optional: true } } as const;
    const { content, required, 'x-body-limit': limit } = bodyOf([multipart({ files }), raw(file)], { body });
    expect(content['multipart/form-data']).toEqual({
      schema: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          one: binary,
          more: { type: 'array', maxItems: 3, items: binary },
        },
        required: ['name', 'one'],
        additionalProperties: false,
      },
      encoding: {
        one: { contentType: 'image/png, image/gif' },
        more: { contentType: 'image/png, image/gif' },
      },
    });
    expect(content['image/gif']).toEqual({ schema: binary });
    expect([required, limit]).toEqual([true, 256 * 1024 + 4 * 10]);
  });
});

describe('answers', () => {
  it('name the codes of each status, the own ones in words', () => {
    const ThingLost = error('THING_LOST', 404, 'Nobody knows where it is');
    const { responses, components } = only({ session: true, errors: [ThingLost] });
    expect(responses[404]).toEqual({
      $ref: '#/components/responses/ThingLost404',
      description: '`THING_LOST`: Nobody knows where it is',
    });
    expect(responses[500]).toEqual({ $ref: '#/components/responses/InternalError500' });
    const { properties } = components.schemas.ThingLostError.properties.error;
    expect(properties.code).toEqual({ type: 'string', enum: ['THING_LOST'] });
    expect(Object.keys(components.responses.Unauthorized401.headers)).toContain('WWW-Authenticate');
    expect(Object.keys(components.responses.RateLimited429.headers)).toContain('Retry-After');
  });

  it('tell that a fresh authentication is asked for, and how that is refused', () => {
    const facts = { session: true, fresh: true, description: 'Makes one.' } as const;
    const { description, responses, ...operation } = only(facts);
    expect(description).toMatch(/^Makes one\.\n\nAsks for a fresh authentication/);
    expect(operation['x-fresh-authentication']).toBe(true);
    expect(responses[401].$ref).toBe('#/components/responses/StepUpRequiredOrUnauthorized401');
    expect(only({ session: true }).responses[401].$ref).toBe('#/components/responses/Unauthorized401');
  });

  it('tell content by its media types, beside JSON or alone', () => {
    const content = { 'text/csv': 'text', 'image/png': 'binary' } as const;
    expect(only({ content }).responses[200].content).toEqual({
      'text/csv': { schema: { type: 'string' } },
      'image/png': { schema: { type: 'string', format: 'binary' } },
    });
    const beside = only({ content, answer: z.object({ id: z.int() }) }).responses[200];
    expect(Object.keys(beside.content)).toEqual(['application/json', 'text/csv', 'image/png']);
  });

  it('tell what streams are made of, and which events there are', () => {
    const Row = z.object({ id: z.int() }).meta({ id: 'Row' });
    const { responses, components } = only({ streams: { 'text/csv': 'text', 'application/x-ndjson': Row } });
    const { content, headers } = responses[200];
    expect(content['text/csv']).toEqual({ schema: { type: 'string' } });
    expect(content['application/x-ndjson']['x-item-schema']).toEqual({ $ref: '#/components/schemas/Row' });
    expect(components.schemas.Row).toBeDefined();
    const following = only({ events: { row: Row, end: z.object({}) } });
    const described = following.responses[200].content['text/event-stream'];
    expect(Object.keys(described['x-events'])).toEqual(['row', 'end']);
    expect(following.parameters).toContainEqual({ $ref: '#/components/parameters/LastEventId' });
    expect([responses[304], headers.ETag]).toEqual([undefined, undefined]);
  });

  it('tell of parts, redirects and cookies, and of another media type of JSON', () => {
    const parts = only({ content: { 'image/png': 'binary' } });
    expect(Object.keys(parts.responses)).toEqual(expect.arrayContaining(['200', '206', '304', '416']));
    expect(Object.keys(parts.responses[206].headers)).toContain('Content-Range');
    expect(only({ content: { 'application/jwt': 'text' } }).responses[206]).toBeUndefined();
    const cookies = { session: { sameSite: 'lax' } } as const;
    const leads = only({ redirects: { status: 302, to: 'own' }, cookies });
    expect(Object.keys(leads.responses)).toEqual(expect.not.arrayContaining(['200', '304']));
    expect(Object.keys(leads.responses[302].headers)).toEqual(
      expect.arrayContaining(['Location', 'Set-Cookie']),
    );
    expect(leads.parameters).toContainEqual(
      expect.objectContaining({ name: '__Host-session', in: 'cookie', required: false }),
    );
    const scim = only({ answer: z.object({ id: z.string() }), bare: 'application/scim+json' });
    expect(Object.keys(scim.responses[200].content)).toEqual(['application/scim+json']);
  });

  it('with content of a type that is not declared fail under test', () => {
    const { spec } = declare({ operation: 'getThing', path: '/things', content: { 'text/csv': 'text' } });
    const answer = (type: string) =>
      successAnswer(spec, content(type, 'a,b'), { strictness: 'fails', publicUrl: 'http://a.test' });
    expect(() => answer('text/csv; charset=utf-8')).not.toThrow();
    expect(() => answer('application/pdf')).toThrow('declares no content of application/pdf');
  });

  it('say when the operation goes away', () => {
    const deprecated = { deprecated: { since: '2026-01-01', sunset: '2026-12-31' } } as object;
    const announced = only(deprecated);
    expect(announced).toMatchObject({ deprecated: true, 'x-sunset': '2026-12-31' });
    expect(Object.keys(announced.responses[200].headers)).toEqual(
      expect.arrayContaining(['Deprecation', 'Sunset']),
    );
    expect(only({}).deprecated).toBeUndefined();
  });
});
