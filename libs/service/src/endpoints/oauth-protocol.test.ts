import { endpoints, error, openApiFragment, redirect } from '@rivergate/endpoint';
import { byToken, nobody, type ServiceUnderTest, signedIn, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const InvalidGrant = error('invalid_grant', 400, 'Say "no"');
const endpoint = endpoints();

const exchange = endpoint(
  {
    operation: 'exchange',
    method: 'post',
    path: '/oauth/exchange',
    summary: 'Exchange',
    caller: 'client',
    protocol: 'oauth',
    headers: z.object({ authorization: z.string().optional() }),
    body: z.object({ code: z.string(), size: z.int().optional() }),
    answer: z.object({ code: z.string(), by: z.string().optional() }),
    bare: true,
    errors: [InvalidGrant],
  },
  async ({ body, headers }) => {
    if (body.code === 'thrown') throw InvalidGrant();
    if (body.code === 'returned') return InvalidGrant();
    if (body.code === 'broken') throw new Error('broken');
    return { code: body.code, by: headers.authorization };
  },
);
const approve = endpoint(
  {
    operation: 'approve',
    method: 'get',
    path: '/oauth/approve',
    summary: 'Approve',
    caller: 'user',
    session: true,
    protocol: 'oauth',
    writes: true,
    query: z.object({ client: z.string().optional(), state: z.string().optional() }),
    redirects: { status: 302, to: 'any' },
  },
  async ({ query }) => redirect(`https://app.example.com/?${new URLSearchParams(query as never)}`),
);

let service: ServiceUnderTest;
beforeAll(async () => {
  const modules = [{ tag: 'OAuth', endpoints: [exchange, approve] }];
  service = await startServiceUnderTest(defineService({ name: 'policy', modules }));
});
afterAll(() => service?.stop());

const send = (raw: string, type = 'application/x-www-form-urlencoded', headers = {}) =>
  service
    .as(nobody())
    .post('/oauth/exchange', undefined, { raw, headers: { 'content-type': type, ...headers } });

describe('what speaks OAuth', () => {
  it('takes forms, and neither minds what it does not know nor what is empty', async () => {
    const { body } = await send('code=1&more=2&more=3&size=').expect(200);
    expect(body).toEqual({ code: '1' });
  });

  it.each([
    ['a parameter that is missing', 'size=1', 400, 'invalid_request'],
    ['one that is repeated', 'code=1&code=2', 400, 'invalid_request'],
    ['one of the wrong type', 'code=1&size=x', 400, 'invalid_request'],
    ['a broken escape', 'code=%', 400, 'invalid_request'],
    ['too long a body', 'a'.repeat(300_000), 413, 'invalid_request'],
    ['an error of its own, thrown', 'code=thrown', 400, 'invalid_grant'],
    ['an error of its own, returned', 'code=returned', 400, 'invalid_grant'],
    ['a fault', 'code=broken', 500, 'server_error'],
  ])('refuses %s in the words of RFC 6749', async (_, raw, status, code) => {
    const answer = await send(raw);
    expect([answer.status, answer.body]).toEqual([
      status,
      { error: code, error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/) },
    ]);
  });

  it('says which parameter it is', async () => {
    expect((await send('size=1')).body.error_description).toContain('code is required');
  });

  it('415 for JSON', async () => {
    const answer = await send('{"code":"1"}', 'application/json');
    expect([answer.status, answer.body.error]).toEqual([415, 'invalid_request']);
  });

  it('reads a query by the same rules', async () => {
    const by = service.as(signedIn({ userId: 1 }));
    const { headers } = await by.get('/oauth/approve?client=&state=a%20b&x=1&x=2').expect(302);
    expect(headers.get('location')).toBe('https://app.example.com/?state=a+b');
    const answer = await by.get('/oauth/approve?state=1&state=2');
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  });

  it('says invalid_token to who is not signed in, and insufficient_scope to a token', async () => {
    const anonymous = await service.as(nobody()).get('/oauth/approve');
    expect([anonymous.status, anonymous.body.error]).toEqual([401, 'invalid_token']);
    const user = byToken(signedIn({ userId: 1 }), { scope: ['read', 'write'] });
    const client = { ...user, kind: 'client', userId: null } as const;
    for (const token of [user, client]) {
      const answer = await service.as(token).get('/oauth/approve');
      expect([answer.status, answer.body.error]).toEqual([403, 'insufficient_scope']);
    }
  });

  it('is documented so', () => {
    const { paths } = openApiFragment({ OAuth: [exchange] });
    const { post } = paths['/oauth/exchange'] as { post: Record<string, unknown> };
    expect(post).toMatchObject({
      security: [{}, { client: [] }],
      requestBody: { content: { 'application/x-www-form-urlencoded': {} } },
    });
    expect(post.responses).not.toHaveProperty('422');
  });
});
