import { randomUUID } from 'node:crypto';
import { endpoints, error } from '@rivergate/endpoint';
import { nobody, type ServiceUnderTest, signedIn, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from './index.ts';

const endpoint = endpoints();
const TooPlain = error('TOO_PLAIN', 422, 'This word is too plain');
const NotToday = error('NOT_TODAY', 400, 'Not today');

const say = endpoint(
  {
    operation: 'sayWord',
    method: 'post',
    path: '/words',
    summary: 'Say a word',
    caller: 'public',
    body: z.object({ word: z.string().min(1) }),
    answer: z.object({ id: z.string() }),
    errors: [TooPlain, NotToday],
    rateLimit: 'signup',
  },
  {
    check({ body }) {
      if (body.word === 'plain') throw TooPlain();
    },
    async handle({ body }) {
      if (body.word === 'later') throw NotToday();
      return { id: randomUUID() };
    },
  },
);
const own = endpoint(
  {
    operation: 'sayOwnWord',
    method: 'post',
    path: '/words/own',
    summary: 'Say a word as oneself',
    caller: 'admin',
    rateLimit: 'signup',
    status: 204,
  },
  async () => {},
);

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(
    defineService({ name: 'policy', modules: [{ tag: 'Words', endpoints: [say, own] }] }),
    { env: { RATE_LIMIT_SIGNUP: '3/300' } },
  );
});
afterAll(() => service?.stop());

let addresses = 0;
const someone = () => service.as(nobody(`192.0.2.${++addresses}`));
const PATH = '/api/v1/words';

describe('the limit that an endpoint declares', () => {
  it('is counted per address, and says on every answer where the caller stands', async () => {
    const caller = someone();
    const first = await caller.post(PATH, { word: 'hello' });
    expect(first.headers.get('ratelimit-policy')).toBe('"signup";q=3;w=300');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('2');
    const second = await caller.post(PATH, { word: 'later' });
    expect([second.status, second.headers.get('x-ratelimit-remaining')]).toEqual([400, '1']);
    expect((await caller.post(PATH, { word: 'hello' })).status).toBe(200);
    expect((await caller.post(PATH, { word: 'hello' })).status).toBe(429);
    expect((await someone().post(PATH, { word: 'hello' })).status).toBe(200);
  });
  it('is named by its 429: which, how many in how long, when to try again', async () => {
    const caller = someone();
    for (let count = 0; count < 3; count++) await caller.post(PATH, { word: 'hello' });
    const { status, body, headers } = await caller.post(PATH, { word: 'hello' });
    const wait = Number(headers.get('retry-after'));
    expect(status).toBe(429);
    expect(wait).toBeGreaterThan(200);
    expect(body.error.code).toBe('RATE_LIMITED');
    expect(body.error.message).toBe(
      `Too many requests: the limit "signup" is 3 in 5 minutes; try again in ${wait} seconds`,
    );
    expect(body.error.details).toMatchObject([
      { field: 'signup', reason: `is limited to 3 requests in 5 minutes; try again in ${wait} seconds` },
    ]);
  });
  it('does not count what is refused for its form, by the schema or by a check of the endpoint', async () => {
    const caller = someone();
    for (let count = 0; count < 5; count++) {
      for (const word of ['', 7, 'plain']) expect((await caller.post(PATH, { word })).status).toBe(422);
      expect((await caller.post(PATH, undefined, { raw: '{' })).status).toBe(400);
    }
    const answer = await caller.post(PATH, { word: 'hello' });
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('2');
  });
  it('does not count who may not call at all', async () => {
    const ip = `192.0.2.${++addresses}`;
    const member = service.as(signedIn({ userId: 1, organizationId: 1, ip }));
    for (let count = 0; count < 5; count++) expect((await member.post(`${PATH}/own`)).status).toBe(403);
    const answer = await service.as(nobody(ip)).post(PATH, { word: 'hello' });
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('2');
  });
  it('does not count a replay', async () => {
    const caller = someone();
    const key = { headers: { 'idempotency-key': 'once' } };
    const first = await caller.post(PATH, { word: 'hello' }, key);
    for (let count = 0; count < 5; count++) {
      const again = await caller.post(PATH, { word: 'hello' }, key);
      expect([again.status, again.body]).toEqual([200, first.body]);
    }
    expect((await caller.post(PATH, { word: 'hello' })).headers.get('x-ratelimit-remaining')).toBe('1');
  });
  it('lets no more through when ten come at once', async () => {
    const caller = someone();
    const all = await Promise.all(Array.from({ length: 10 }, () => caller.post(PATH, { word: 'hello' })));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(7);
  });
  it('is measured when it refuses', async () => {
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/rivergate_endpoint_rate_limited_total\{class="signup",service="policy"\} \d+/);
  });
});
