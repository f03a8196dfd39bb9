import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ChainedEntry, emptyChain, follow } from '@rivergate/audit-chain';
import { acrossOrganizations } from '@rivergate/endpoint';
import { wakeAfterCommit } from '@rivergate/service';
import { eventually, expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { shipAuditLogs } from './ship-audit-logs.ts';

const SECRET = 'Bearer 4c0ffee4c0ffee';

interface Received {
  headers: IncomingMessage['headers'];
  organization: number;
  entries: ChainedEntry[];
  head: { sequence: number; root_hash: string };
}

/** A collector that keeps what comes, and answers as it is told. */
const collector = {
  received: [] as Received[],
  answer: (response: ServerResponse): unknown => response.writeHead(200).end('{}'),
  asked: 0,
};
const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  collector.asked += 1;
  const { resource, scopeLogs } = JSON.parse(text).resourceLogs[0];
  const records: { eventName: string; body: { stringValue: string } }[] = scopeLogs[0].logRecords;
  const bodies = records.map(({ body }) => JSON.parse(body.stringValue));
  const organization = resource.attributes.find(
    ({ key }: { key: string }) => key === 'rivergate.organization.id',
  );
  collector.received.push({
    headers: request.headers,
    organization: Number(organization.value.intValue),
    entries: bodies.slice(0, -1),
    head: bodies.at(-1),
  });
  collector.answer(response);
});
let service: OrganizationUnderTest;
let ada: Person;
let url: string;
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`;
  service = await startOrganizationUnderTest({
    OUTBOUND_ALLOW: '127.0.0.1',
    RATE_LIMIT_AUDIT_SHIPPING_TEST: '20/60',
  });
  ada = await service.person('Ada');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await service?.stop();
});
beforeEach(async () => {
  await service.sql('delete from organization.audit_shipping');
  Object.assign(collector, {
    received: [],
    asked: 0,
    answer: (response: ServerResponse) => response.writeHead(200).end('{}'),
  });
});

let number = 0;
async function organization(): Promise<Founded & { admin: TestCaller; path: string }> {
  const founded = await service.found(ada, `Shipper ${++number}`);
  const admin = await service.member(ada, founded.id);
  return { ...founded, admin, path: `/api/v1/organizations/${founded.id}/audit-shipping` };
}
type Shipper = Awaited<ReturnType<typeof organization>>;
const configured = async ({ admin, path }: Shipper, more: object = {}) => {
  const answer = await admin.put(path, { url, ...more });
  expect(answer.status, answer.text).toBe(200);
  return answer.body.data.shipping;
};
const statusOf = async ({ admin, path }: Shipper) => (await admin.get(path)).body.data.shipping;
/** Has the worker try what waits, at once. */
const due = () =>
  service.resources.knex.transaction(async db => {
    await acrossOrganizations(db);
    await db('audit_shipping').update({ next_try_at: db.fn.now() });
    wakeAfterCommit(db, shipAuditLogs);
  });
/** What came, without what came again: a test makes due what may be under way. */
const received = ({ id }: Shipper) => {
  let last = 0;
  return collector.received
    .filter(({ organization }) => organization === id)
    .flatMap(({ entries }) => entries)
    .filter(({ chain }) => {
      if (chain.sequence <= last) return false;
      last = chain.sequence;
      return true;
    });
};
const upToDate = (own: Shipper) =>
  eventually(async () => {
    await due();
    return (await statusOf(own)).lag === 0;
  });
const work = ({ admin, id }: Shipper, name: string) =>
  admin.post(`/api/v1/organizations/${id}/workspaces`, { name });

describe('200: shipping of the audit log', () => {
  it('sends every entry in order, each with what it takes to verify it, and goes on with new ones', async () => {
    const own = await organization();
    await configured(own, { header: { name: 'Authorization', value: SECRET } });
    await upToDate(own);
    for (const name of ['One', 'Two', 'Three']) await work(own, name);
    await upToDate(own);
    const state = emptyChain();
    for (const entry of received(own)) expect(follow(state, entry)).toBeUndefined();
    const { head } = (await own.admin.get(`/api/v1/organizations/${own.id}/audit-logs/head`)).body.data;
    expect([state.sequence, state.hash]).toEqual([head.sequence, head.hash]);
    const last = collector.received.findLast(({ organization }) => organization === own.id)!;
    expect(last.head).toMatchObject({ sequence: head.sequence, root_hash: head.root_hash });
    expect(last.headers).toMatchObject({ authorization: SECRET, 'content-type': 'application/json' });
    expect(await statusOf(own)).toMatchObject({
      shipped_sequence: head.sequence,
      lag: 0,
      failures: 0,
      header_name: 'Authorization',
      last_error: null,
      last_success_at: expect.any(String),
    });
  });

  it('begins at the start, with what comes now, or goes on where it was', async () => {
    const own = await organization();
    await configured(own, { from: 'now' });
    await upToDate(own);
    expect(received(own).map(({ action }) => action)).toEqual(['audit_shipping.configured']);
    collector.received = [];
    const { shipped_sequence } = await configured(own, { from: 'start' });
    expect(shipped_sequence).toBe(0);
    await upToDate(own);
    const entries = received(own).length;
    expect(received(own)[0]!.chain.sequence).toBe(1);
    await configured(own);
    await upToDate(own);
    expect(received(own)).toHaveLength(entries + 1);
  });

  it('never shows the secret: not in answers, nor in events, logs or the table', async () => {
    const own = await organization();
    const answers = [
      await own.admin.put(own.path, { url, header: { name: 'X-Api-Key', value: SECRET } }),
      await own.admin.get(own.path),
      await own.admin.post(`${own.path}/test`),
      await own.admin.get(`/api/v1/organizations/${own.id}/audit-logs`),
      await own.admin.delete(own.path),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain('4c0ffee');
    }
    await configured(own, { header: { name: 'X-Api-Key', value: SECRET } });
    for (const table of ['audit_shipping', 'audit_log', 'outbox', 'idempotency_keys'])
      expect(JSON.stringify(await service.sql(`select * from organization.${table}`))).not.toContain(
        '4c0ffee',
      );
  });

  it('is tried on request, which moves nothing on', async () => {
    const own = await organization();
    const before = await configured(own, { header: { name: 'Authorization', value: SECRET } });
    const answer = await own.admin.post(`${own.path}/test`);
    expect(answer.body.data).toEqual({ delivered: true, error: null });
    expect(collector.received[0]!.headers.authorization).toBe(SECRET);
    collector.answer = response => response.writeHead(401).end('the token 4711 is wrong');
    expect((await own.admin.post(`${own.path}/test`)).body.data).toEqual({
      delivered: false,
      error: 'The collector answered 401',
    });
    expect((await statusOf(own)).shipped_sequence).toBe(before.shipped_sequence);
  });

  it('is removed, which is written down, and ends with its organization', async () => {
    const own = await organization();
    await configured(own);
    expect((await own.admin.delete(own.path)).status).toBe(200);
    expectError(await own.admin.get(own.path), 404, 'AUDIT_SHIPPING_NOT_FOUND');
    expectError(await own.admin.delete(own.path), 404, 'AUDIT_SHIPPING_NOT_FOUND');
    expectError(await own.admin.post(`${own.path}/test`), 404, 'AUDIT_SHIPPING_NOT_FOUND');
    expect(await service.audited(own.id)).toContain('audit_shipping.removed');
  });
});

describe('a collector that', () => {
  it('is down is tried again with growing pauses, and then gets everything, in order', async () => {
    const own = await organization();
    await configured(own);
    collector.answer = response => response.writeHead(503).end();
    const pauses: number[] = [];
    for (let failures = 1; failures <= 4; failures++) {
      if (failures > 1) await due();
      await eventually(async () => (await statusOf(own)).failures === failures);
      const { next_try_at, last_failure_at } = await statusOf(own);
      pauses.push(Math.round((Date.parse(next_try_at) - Date.parse(last_failure_at)) / 1_000));
    }
    expect(pauses.every((pause, index) => index === 0 || pause >= pauses[index - 1]! * 2)).toBe(true);
    expect(await statusOf(own)).toMatchObject({
      shipped_sequence: 0,
      last_error: 'The collector answered 503',
    });
    Object.assign(collector, {
      received: [],
      answer: (response: ServerResponse) => response.writeHead(202).end(),
    });
    await upToDate(own);
    const sequences = received(own).map(({ chain }) => chain.sequence);
    expect(sequences).toEqual(Array.from(sequences, (_, index) => index + 1));
    expect(await statusOf(own)).toMatchObject({ failures: 0, last_error: null });
  });

  it('does not answer holds neither a connection of the database nor the other organizations', async () => {
    const [slow, other] = [await organization(), await organization()];
    await service.sql('delete from organization.audit_shipping');
    const held: ServerResponse[] = [];
    collector.answer = response => {
      const last = collector.received.at(-1)!;
      if (last.organization === slow.id) held.push(response);
      else response.writeHead(200).end('{}');
    };
    await configured(slow);
    await configured(other);
    await due();
    await eventually(() => held.length > 0 || collector.received.length > 0);
    await eventually(async () => (await statusOf(other)).lag === 0);
    await eventually(async () => {
      const open = await service.sql(
        `select 1 from pg_stat_activity where datname = current_database() and usename = 'rivergate_organization'
           and state like 'idle in transaction%'`,
      );
      return open.length === 0;
    });
    expect((await statusOf(slow)).failures).toBe(0);
    await eventually(
      async () => (await statusOf(slow)).last_error === 'There was no complete answer in time',
    );
    for (const response of held) response.destroy();
  });

  it('answers with a redirect, an endless body or nothing that makes sense is not followed or believed', async () => {
    const own = await organization();
    await configured(own);
    collector.answer = response => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
    expect((await own.admin.post(`${own.path}/test`)).body.data.error).toBe('The collector answered 307');
    collector.answer = response => response.socket?.end('nonsense\r\n\r\n');
    expect((await own.admin.post(`${own.path}/test`)).body.data.error).toBe('The answer could not be read');
  });

  it('is changed while something is under way to the one before does not lose an entry', async () => {
    const own = await organization();
    const held: ServerResponse[] = [];
    collector.answer = response => held.push(response);
    await configured(own);
    await due();
    await eventually(() => held.length > 0);
    await configured(own, { from: 'start' });
    collector.answer = response => response.writeHead(200).end('{}');
    for (const response of held) response.writeHead(200).end('{}');
    collector.received = [];
    await upToDate(own);
    expect(received(own)[0]!.chain.sequence).toBe(1);
  });
});

describe('403, 404, 422: shipping of the audit log', () => {
  it('goes nowhere inside, whatever the URL is called', async () => {
    const own = await organization();
    for (const inside of [
      'https://10.0.0.1/v1/logs',
      'https://[::1]/v1/logs',
      'https://169.254.169.254/latest',
      'https://127.0.0.2/v1/logs',
      'http://127.0.0.2:4318/v1/logs',
      'https://0x7f.2/',
    ]) {
      const answer = await own.admin.put(own.path, { url: inside });
      expect([answer.status, answer.body.error?.details[0].field], inside).toEqual([422, 'body.url']);
    }
    // Allowed when it was set, and not any more: it is checked again whenever it is sent to.
    await configured(own);
    await service.sql("update organization.audit_shipping set url = 'https://10.0.0.1/v1/logs'");
    expect((await own.admin.post(`${own.path}/test`)).body.data).toEqual({
      delivered: false,
      error: 'The URL leads to an address that is not allowed',
    });
  });

  it('takes no URL with a secret in it, and no header that is not its own', async () => {
    const own = await organization();
    const bad = [
      { url: `${url}?token=a` },
      { url: 'ftp://example.com/' },
      { url: 'https://user:password@example.com/' },
      { url, header: { name: 'Host', value: 'a' } },
      { url, header: { name: 'content-type', value: 'text/plain' } },
      { url, header: { name: 'X-A\r\nX-B', value: 'a' } },
      { url, header: { name: 'X-A', value: 'a\r\nX-B: c' } },
      { url, header: { name: 'X-A', value: 'x'.repeat(5_000) } },
      { url, from: 'yesterday' },
    ];
    for (const body of bad)
      expect((await own.admin.put(own.path, body)).status, JSON.stringify(body)).toBe(422);
  });

  it('is for administrators of the organization alone', async () => {
    const [own, other] = [await organization(), await organization()];
    const bob = await service.person('Bob');
    await service.join(own, bob);
    const member = await service.member(bob, own.id);
    await configured(own);
    for (const [caller, status, code] of [
      [member, 403, 'FORBIDDEN'],
      [service.nobody, 401, 'UNAUTHORIZED'],
      [await service.member(bob, other.id), 404, 'ORGANIZATION_NOT_FOUND'],
    ] as const) {
      const path = status === 404 ? other.path : own.path;
      expectError(await caller.get(path), status, code);
      expectError(await caller.put(path, { url }), status, code);
      expectError(await caller.delete(path), status, code);
      expectError(await caller.post(`${path}/test`), status, code);
    }
    expect(await statusOf(own)).toMatchObject({ url });
  });

  it('is tried a few times a minute, so that nobody looks around by it', async () => {
    const own = await organization();
    await configured(own);
    const statuses = [];
    for (let n = 0; n < 21; n++) statuses.push((await own.admin.post(`${own.path}/test`)).status);
    expect(statuses.at(-1)).toBe(429);
  });
});
