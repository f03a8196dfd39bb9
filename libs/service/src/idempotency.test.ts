import { randomBytes, randomUUID } from 'node:crypto';
import { endpoints, Id } from '@rivergate/endpoint';
import { administrator, nobody, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from './index.ts';

const endpoint = endpoints();

/** How often each endpoint has prepared and handled a request. */
const worked = { prepared: 0, handled: 0 };

const ask = endpoint(
  {
    operation: 'askForTicket',
    method: 'post',
    path: '/tickets',
    summary: 'Ask for a ticket',
    caller: 'public',
    bearer: 'optional',
    body: z.object({ name: z.string(), idempotency_key: z.string().optional() }),
    answer: z.object({ ticket: z.string() }),
  },
  {
    prepare: async () => void worked.prepared++,
    async handle() {
      worked.handled++;
      return { ticket: randomUUID() };
    },
  },
);
const write = endpoint(
  {
    operation: 'writeTicket',
    method: 'post',
    path: '/organizations/:org_id/tickets',
    summary: 'Write a ticket',
    caller: 'user',
    params: z.object({ org_id: Id }),
    body: z.object({ name: z.string() }),
    answer: z.object({ ticket: z.string(), organization_id: Id }),
  },
  async ({ caller }) => ({ ticket: randomUUID(), organization_id: caller.organizationId }),
);
const mine = endpoint(
  {
    operation: 'writeOwnTicket',
    method: 'post',
    path: '/tickets/mine',
    summary: 'Write a ticket of the active organization',
    caller: 'user',
    answer: z.object({ ticket: z.string() }),
  },
  async () => ({ ticket: randomUUID() }),
);
const trade = endpoint(
  {
    operation: 'tradeTicket',
    method: 'post',
    path: '/tickets/trade',
    summary: 'Trade a token for the next',
    caller: 'token',
    body: z.object({ token: z.string(), note: z.string().optional() }),
    answer: z.object({ next: z.string() }),
    idempotency: { seconds: 60, spends: 'body.token' },
  },
  async () => ({ next: randomUUID() }),
);
const enter = endpoint(
  {
    operation: 'enterTickets',
    method: 'post',
    path: '/tickets/enter',
    summary: 'Show a password',
    caller: 'public',
    body: z.object({ password: z.string() }),
    answer: z.object({ next: z.string() }),
    idempotency: { seconds: 60, randomKey: true },
    rateLimit: 'login',
  },
  async () => ({ next: randomUUID() }),
);

let service: ServiceUnderTest;
beforeAll(async () => {
  const tickets = { tag: 'Tickets', endpoints: [ask, write, mine, trade, enter] };
  service = await startServiceUnderTest(defineService({ name: 'policy', modules: [tickets] }), {
    env: { RATE_LIMIT_LOGIN: '2/900' },
  });
});
afterAll(() => service?.stop());

const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });
const from = (ip: string) => service.as(nobody(ip));
const admin = (organizationId: number, facts = {}) =>
  service.as(administrator({ userId: 1, organizationId, ...facts }));

describe('an idempotency key belongs to one caller, organization and endpoint', () => {
  it('of the same person in another organization makes another there, and tells nothing of the first', async () => {
    const key = keyed('both');
    const first = await admin(1).post('/api/v1/organizations/1/tickets', { name: 'x' }, key);
    const second = await admin(2).post('/api/v1/organizations/2/tickets', { name: 'x' }, key);
    expect([first.body.data.organization_id, second.body.data.organization_id]).toEqual([1, 2]);
    expect(second.body.data.ticket).not.toBe(first.body.data.ticket);
  });
  it('counts for the active organization where the path names none', async () => {
    const key = keyed('active');
    const tickets = [];
    for (const organization of [1, 2, 1])
      tickets.push((await admin(organization).post('/api/v1/tickets/mine', {}, key)).body.data.ticket);
    expect(tickets[1]).not.toBe(tickets[0]);
    expect(tickets[2]).toBe(tickets[0]);
  });
  it('is not shared between a person and the OAuth client that acts for the person', async () => {
    const key = keyed('client');
    const own = await admin(1).post('/api/v1/tickets/mine', {}, key);
    const byClient = await admin(1, { clientId: 'app' }).post('/api/v1/tickets/mine', {}, key);
    expect(byClient.body.data.ticket).not.toBe(own.body.data.ticket);
  });
});

describe('the key of somebody who is not signed in', () => {
  const body = { name: 'x', idempotency_key: 'signup-1' };
  it('gives a stranger with the same key and body nothing of the first answer', async () => {
    const first = await from('192.0.2.10').post('/api/v1/tickets', body);
    const stranger = await from('198.51.100.10').post('/api/v1/tickets', body);
    expect(stranger.status).toBe(200);
    expect(stranger.body.data.ticket).not.toBe(first.body.data.ticket);
    expect(stranger.headers.has('idempotency-replayed')).toBe(false);
  });
  it('blocks no stranger who sends something else', async () => {
    await from('192.0.2.11').post('/api/v1/tickets', body);
    const stranger = await from('198.51.100.11').post('/api/v1/tickets', { ...body, name: 'y' });
    expect(stranger.status).toBe(200);
  });
  it('is still a key: the caller`s retry gets the answer, another body is a conflict', async () => {
    const first = await from('192.0.2.12').post('/api/v1/tickets', body);
    const again = await from('192.0.2.12').post('/api/v1/tickets', body);
    expect(again.body).toEqual(first.body);
    const other = await from('192.0.2.12').post('/api/v1/tickets', { ...body, name: 'y' });
    expect([other.status, other.body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
  });
  it('counts for the network of an IPv6 address, whose hosts change', async () => {
    const first = await from('2001:db8:1:2::1').post('/api/v1/tickets', body);
    const again = await from('2001:db8:1:2::ffff').post('/api/v1/tickets', body);
    expect(again.body).toEqual(first.body);
  });
});

describe('a replay', () => {
  it('prepares and handles nothing again', async () => {
    const key = keyed('replayed');
    const before = { ...worked };
    const first = await from('192.0.2.20').post('/api/v1/tickets', { name: 'x' }, key);
    const again = await from('192.0.2.20').post('/api/v1/tickets', { name: 'x' }, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(worked).toEqual({ prepared: before.prepared + 1, handled: before.handled + 1 });
  });
});

describe('where a one-time token is spent, or the answer holds tokens', () => {
  const random = [
    randomUUID(),
    '0198f3c2-6f0a-7cc1-8a51-3f2d9b7e4c60',
    randomBytes(17).toString('base64url'),
  ];
  const guessable = [
    'retry-1',
    'a'.repeat(40),
    '00000000-0000-4000-8000-000000000000',
    // Version 1: a clock and a network card.
    'c232ab00-9414-11ec-b3c8-9f6bdeced846',
    randomBytes(15).toString('base64url'),
    `${randomBytes(17).toString('base64url')}!`,
  ];
  const endpointsThatSpend: [string, object][] = [
    ['trade', { token: 'spent' }],
    ['enter', { password: 'x' }],
  ];
  let addresses = 30;

  it.each(endpointsThatSpend)('%s takes a long random key and no other', async (name, body) => {
    for (const key of random)
      expect(
        (await from(`192.0.2.${++addresses}`).post(`/api/v1/tickets/${name}`, body, keyed(key))).status,
        key,
      ).toBe(200);
    for (const key of guessable) {
      const refused = await from(`192.0.2.${++addresses}`).post(`/api/v1/tickets/${name}`, body, keyed(key));
      expect([refused.status, refused.body.error.code], key).toEqual([422, 'VALIDATION_ERROR']);
      expect(refused.body.error.details[0].field).toBe('headers.idempotency-key');
    }
  });
  it('the answer is for who holds token and key: not for the key with another token, nor the token alone', async () => {
    const key = randomUUID();
    const first = await from('192.0.2.90').post('/api/v1/tickets/trade', { token: 'mine' }, keyed(key));
    const moved = await from('198.51.100.9').post('/api/v1/tickets/trade', { token: 'mine' }, keyed(key));
    expect(moved.body.data.next).toBe(first.body.data.next);
    for (const [token, used] of [
      ['other', key],
      ['mine', randomUUID()],
    ] as const) {
      const thief = await from('192.0.2.90').post('/api/v1/tickets/trade', { token }, keyed(used));
      expect(thief.status).toBe(200);
      expect(thief.body.data.next).not.toBe(first.body.data.next);
    }
  });
  it('what is kept does not hold the token, nor a hash of it without a key', async () => {
    const token = randomUUID();
    await from('192.0.2.91').post('/api/v1/tickets/trade', { token }, keyed(randomUUID()));
    const scopes: string[] = await service.resources.knex('idempotency_keys').pluck('scope');
    expect(scopes.join()).not.toContain(token);
  });
  it('a key is no way to guess the password of a kept answer past the limit of the endpoint', async () => {
    const caller = from('192.0.2.92');
    const key = keyed(randomUUID());
    await caller.post('/api/v1/tickets/enter', { password: 'right' }, key);
    const statuses = [];
    for (const password of ['one', 'two', 'three'])
      statuses.push((await caller.post('/api/v1/tickets/enter', { password }, key)).status);
    expect(statuses).toEqual([409, 429, 429]);
    expect((await caller.post('/api/v1/tickets/enter', { password: 'right' }, key)).status).toBe(200);
  });
});
