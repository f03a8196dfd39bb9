import { randomUUID } from 'node:crypto';
import { eventually, expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../../testing/organization-under-test.ts';
import { type WebhookFixture, webhookFixture } from '../../testing/webhook-fixture.ts';
import { WEBHOOK_EVENTS } from '../event-types.ts';

let service: OrganizationUnderTest;
let hooks: WebhookFixture;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest({
    OUTBOUND_ALLOW: '127.0.0.1',
    RATE_LIMIT_WEBHOOK_TEST: 'off',
  });
  hooks = await webhookFixture(service);
  ada = await service.person('Ada');
});
afterAll(async () => await service?.stop());

let founded = 0;
let acme: Founded;
let admin: TestCaller;
let path: string;
let body: { url: string; event_types: string[] };
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++founded}`);
  admin = await service.member(ada, acme.id);
  path = `/api/v1/organizations/${acme.id}/webhooks`;
  body = {
    url: `http://127.0.0.1:${hooks.port}/hook?key=in-the-url`,
    event_types: ['organization.member.*'],
  };
});
const shown = (fields: object = {}) => ({
  id: expect.any(Number),
  ...body,
  description: null,
  status: 'enabled',
  disabled_reason: null,
  failing_since: null,
  created_by: ada.userId,
  created_at: expect.stringMatching(/Z$/),
  updated_at: expect.stringMatching(/Z$/),
  ...fields,
});

describe('a webhook', () => {
  it('is registered, listed, read, changed and deleted', async () => {
    const created = (await admin.post(path, { ...body, description: 'Directory' }).expect(201)).body.data;
    expect(created).toEqual({
      webhook: shown({ description: 'Directory' }),
      secret: expect.stringMatching(/^whsec_[\w+/]{43}=$/),
    });
    const own = `${path}/${created.webhook.id}`;
    expect((await admin.get(path)).body.data).toEqual({ webhooks: [created.webhook], total_count: 1 });
    expect((await admin.get(own)).body.data).toEqual({ webhook: created.webhook });
    const change = { description: null, event_types: ['organization.role.assigned'], status: 'disabled' };
    const changed = (await admin.patch(own, change).expect(200)).body.data;
    expect(changed.webhook).toEqual(shown({ ...change, disabled_reason: 'administrator' }));
    const enabled = (await admin.patch(own, { status: 'enabled' })).body.data.webhook;
    expect(enabled).toMatchObject({ status: 'enabled', disabled_reason: null });
    expect((await admin.patch(own, {}).expect(200)).body.data.webhook).toEqual(enabled);
    expect((await admin.delete(own).expect(200)).body.data).toEqual({ webhook: { id: created.webhook.id } });
    expectError(await admin.get(own), 404, 'WEBHOOK_NOT_FOUND');
    expectError(await admin.delete(own), 404, 'WEBHOOK_NOT_FOUND');
    expect((await service.audited(acme.id)).filter(action => action.startsWith('webhook.'))).toEqual([
      'webhook.created',
      'webhook.updated',
      'webhook.updated',
      'webhook.deleted',
    ]);
  });

  it('is changed under If-Match only as it was read', async () => {
    const { webhook } = (await admin.post(path, body)).body.data;
    const own = `${path}/${webhook.id}`;
    const tag = (await admin.get(own)).headers.get('etag')!;
    await admin.patch(own, { description: 'First' }, { headers: { 'if-match': tag } }).expect(200);
    const late = await admin.patch(own, { description: 'Second' }, { headers: { 'if-match': tag } });
    expectError(late, 412, 'PRECONDITION_FAILED');
  });

  it.each([
    ['an address inside', { url: 'http://127.0.0.2:9999/' }],
    ['metadata of a cloud', { url: 'http://169.254.169.254/latest/' }],
    ['an address without TLS', { url: 'http://1.1.1.1/' }],
    ['credentials in it', { url: 'https://user:secret@1.1.1.1/' }],
    ['a port of another protocol', { url: 'https://1.1.1.1:25/' }],
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['a name without an address', { url: 'https://nowhere.invalid/' }],
    ['no event type', { event_types: [] }],
    ['an event that is not for webhooks', { event_types: ['identity.session.opened'] }],
    ['a prefix that no such event has', { event_types: ['identity.session.*'] }],
    ['everything', { event_types: ['*'] }],
    ['half a word', { event_types: ['organization.mem*'] }],
    ['an event that does not exist', { event_types: ['organization.member.promoted'] }],
    ['a test event', { event_types: ['webhook.test'] }],
  ])('with %s is refused, and is not changed to that', async (_what, wrong) => {
    expectError(await admin.post(path, { ...body, ...wrong }), 422, 'VALIDATION_ERROR');
    const { webhook } = (await admin.post(path, body)).body.data;
    expectError(await admin.patch(`${path}/${webhook.id}`, wrong), 422, 'VALIDATION_ERROR');
  });

  it('is one of at most twenty, also when ten are registered at once', async () => {
    for (let count = 0; count < 15; count++) await admin.post(path, body).expect(201);
    const answers = await Promise.all(Array.from({ length: 10 }, () => admin.post(path, body)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      ...Array<number>(5).fill(201),
      ...Array<number>(5).fill(409),
    ]);
    expectError(await admin.post(path, body), 409, 'TOO_MANY_WEBHOOKS');
  });

  it('is answered once for one idempotency key', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const [first, second] = [
      await admin.post(path, body, { headers }),
      await admin.post(path, body, { headers }),
    ];
    expect(second.body).toEqual(first.body);
    expect((await admin.get(path)).body.data.total_count).toBe(1);
  });
});

describe('the secret of a webhook', () => {
  it('is in the answers that make it and nowhere else', async () => {
    const { webhook, secret } = (await admin.post(path, body)).body.data;
    const own = `${path}/${webhook.id}`;
    const rotated = (await admin.post(`${own}/rotate-secret`, {}).expect(200)).body.data;
    expect(rotated.secret).not.toBe(secret);
    await admin.post(`${own}/test`).expect(202);
    await eventually(async () => (await admin.get(`${own}/deliveries`)).body.data.deliveries[0].finished_at);
    const answers = [
      await admin.get(path),
      await admin.get(own),
      await admin.get(`${own}/deliveries`),
      await admin.patch(own, { description: 'x' }),
    ];
    const stored = await service.sql<{ all: string }>(
      `select concat(
         (select string_agg(w::text, '') from organization.webhooks w),
         (select string_agg(d::text, '') from organization.webhook_deliveries d),
         (select string_agg(m::text, '') from organization.webhook_messages m),
         (select string_agg(a::text, '') from organization.audit_log a),
         (select string_agg(e::text, '') from event_log.event e)) as all`,
    );
    for (const text of [...answers.map(answer => answer.text), stored[0]!.all]) {
      for (const value of [secret, rotated.secret]) expect(text).not.toContain(value.slice('whsec_'.length));
    }
    // Nor does the path of its URL, which may be one, become an event.
    const events = await service.sql<{ all: string }>(
      `select concat((select string_agg(a::text, '') from organization.audit_log a),
         (select string_agg(e::text, '') from event_log.event e)) as all`,
    );
    expect(events[0]!.all).not.toContain('in-the-url');
    expect(events[0]!.all).toContain(`http://127.0.0.1:${hooks.port}`);
  });

  it('is at most one of four that sign, for at most a week', async () => {
    const { webhook } = (await admin.post(path, body)).body.data;
    const own = `${path}/${webhook.id}/rotate-secret`;
    for (let count = 0; count < 5; count++) await admin.post(own, { overlap_seconds: 60 }).expect(200);
    const [row] = await service.sql<{ n: number }>(
      'select jsonb_array_length(secrets) as n from organization.webhooks where id = ?',
      [webhook.id],
    );
    expect(row!.n).toBe(4);
    expectError(await admin.post(own, { overlap_seconds: 604_801 }), 422, 'VALIDATION_ERROR');
    expectError(await admin.post(own, { overlap_seconds: -1 }), 422, 'VALIDATION_ERROR');
  });
});

describe('webhooks are for administrators of their organization', () => {
  const operations = (own: string): [string, string, object?][] => [
    ['get', path],
    ['post', path, body],
    ['get', own],
    ['patch', own, { description: 'Mine' }],
    ['delete', own],
    ['post', `${own}/rotate-secret`, {}],
    ['post', `${own}/test`],
    ['get', `${own}/deliveries`],
    ['post', `${own}/deliveries/1/replay`],
    ['post', `${own}/replay`, { from: new Date(0).toISOString(), to: new Date().toISOString() }],
    ['get', `/api/v1/organizations/${acme.id}/webhook-events`],
  ];
  const attempt = (by: TestCaller, [method, at, sent]: [string, string, object?]) =>
    method === 'get' ? by.get(at) : by[method as 'post'](at, sent);

  it('and not for members, strangers, or who was removed', async () => {
    const { webhook } = (await admin.post(path, body)).body.data;
    const own = `${path}/${webhook.id}`;
    const [member, other] = [await service.person('Member'), await service.person('Other')];
    await service.join(acme, member, acme.roles.Developer);
    await service.join(acme, other, acme.roles.Admin);
    await admin.delete(`/api/v1/organizations/${acme.id}/members/${other.userId}`).expect(200);
    for (const operation of operations(own)) {
      expectError(await attempt(await service.member(member, acme.id), operation), 403, 'FORBIDDEN');
      const removed = await service.member(other, acme.id);
      expectError(await attempt(removed, operation), 404, 'ORGANIZATION_NOT_FOUND');
      expect((await attempt(service.nobody, operation)).status).toBe(401);
    }
  });

  it('and another organization does not reach one under its own path', async () => {
    const { webhook } = (await admin.post(path, body)).body.data;
    const { delivery } = (await admin.post(`${path}/${webhook.id}/test`)).body.data;
    const mine = await service.found(ada, `Mine ${founded}`);
    const there = await service.member(ada, mine.id);
    const own = `/api/v1/organizations/${mine.id}/webhooks`;
    for (const operation of operations(`${own}/${webhook.id}`).filter(([, at]) => at.includes(own)))
      expectError(await attempt(there, operation), 404, 'WEBHOOK_NOT_FOUND');
    const second = (await there.post(own, body).expect(201)).body.data.webhook;
    const replay = await there.post(`${own}/${second.id}/deliveries/${delivery.id}/replay`);
    expectError(replay, 404, 'WEBHOOK_DELIVERY_NOT_FOUND');
  });
});

it('the types that can be subscribed are told with the schema of their data', async () => {
  const { event_types } = (await admin.get(`/api/v1/organizations/${acme.id}/webhook-events`)).body.data;
  expect(event_types).toHaveLength(WEBHOOK_EVENTS.length);
  const added = event_types.find(({ type }: { type: string }) => type === 'organization.member.added');
  expect(added).toMatchObject({ version: 1, schema: { type: 'object', required: expect.any(Array) } });
  const token = event_types.find(({ type }: { type: string }) => type === 'identity.token.revoked');
  expect(Object.keys(token.schema.properties)).not.toContain('token_hash');
});
