import { tokenCreated, tokenRevoked } from '@rivergate/events';
import { eventually, expectError, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../../testing/organization-under-test.ts';
import {
  type Received,
  type RegisteredWebhook,
  type WebhookFixture,
  webhookFixture,
} from '../../testing/webhook-fixture.ts';
import { forgetOldMessages } from './forget-old-messages.ts';

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
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++founded}`);
});
type Page = { deliveries: { id: number }[]; next_cursor: string | null };
const types = (received: Received[]) => received.map(({ body }) => body.type);
const names = (received: Received[]) => received.map(({ body }) => body.data.name);
/** The newest entry of the log, once it has come to this. */
const came = (webhook: RegisteredWebhook, to: object) =>
  eventually(async () => {
    const [entry] = await webhook.log();
    expect(entry).toMatchObject(to);
    return entry;
  }, JSON.stringify(to));
const age = (webhook: RegisteredWebhook, days: number, failures: number) =>
  service.sql(
    `update organization.webhooks set failing_since = now() - ? * interval '1 day', failures = ? where id = ?`,
    [days, failures, webhook.id],
  );

describe('an event of an organization', () => {
  it('arrives at its webhooks that want it, as the reference library verifies, and in the log', async () => {
    const webhook = await hooks.register(acme);
    const other = await hooks.register(acme, { event_types: ['organization.role.created'] });
    await hooks.happens(acme, 'Lab');
    const [received] = await webhook.heard(1);
    expect(received).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      body: {
        type: 'organization.workspace.created',
        timestamp: expect.stringMatching(/Z$/),
        data: expect.objectContaining({ organization_id: acme.id, name: 'Lab' }),
      },
    });
    expect(await came(webhook, { outcome: 'delivered' })).toEqual({
      id: expect.any(Number),
      event_id: received!.id,
      event_type: 'organization.workspace.created',
      outcome: 'delivered',
      attempts: [
        {
          at: expect.stringMatching(/Z$/),
          status: 204,
          error: null,
          duration_ms: expect.any(Number),
          response: null,
        },
      ],
      next_try_at: null,
      created_at: expect.any(String),
      finished_at: expect.any(String),
    });
    expect(other.received()).toEqual([]);
  });

  it('arrives at each of several webhooks under one id', async () => {
    const webhooks = [
      await hooks.register(acme),
      await hooks.register(acme, { event_types: ['organization.*'] }),
    ];
    await hooks.happens(acme, 'Lab');
    const ids = await Promise.all(
      webhooks.map(
        async webhook =>
          (await eventually(() => webhook.received().find(({ body }) => body.data.name === 'Lab'))).id,
      ),
    );
    expect(ids[0]).toBe(ids[1]);
  });

  it('arrives at no webhook of another organization', async () => {
    const other = await service.found(ada, `Other ${founded}`);
    const [own, theirs] = [await hooks.register(acme), await hooks.register(other)];
    for (const name of ['One', 'Two', 'Three']) await hooks.happens(acme, name);
    await hooks.happens(other, 'Theirs');
    await own.heard(3);
    expect(names(await theirs.heard(1))).toEqual(['Theirs']);
    expect(names(own.received()).toSorted()).toEqual(['One', 'Three', 'Two']);
  });

  it('arrives from another service, without what is not for outside', async () => {
    const webhook = await hooks.register(acme, { event_types: ['identity.token.*'] });
    const token = { token_id: 1, user_id: ada.userId, organization_id: acme.id };
    await publishEvent(service, 'identity', tokenRevoked, {
      subject: 1,
      data: { ...token, token_hash: 'a'.repeat(64), reason: 'revoked' },
    });
    expect((await webhook.heard(1))[0]!.body.data).toEqual({ ...token, reason: 'revoked' });
  });

  it('is none where it is of a person, or of another organization, though this one was the active one', async () => {
    const webhook = await hooks.register(acme, { event_types: ['identity.token.*', 'organization.*'] });
    for (const organization_id of [null, acme.id + 1_000]) {
      const token = { token_id: 1, user_id: ada.userId, name: 'Own', scopes: [], expires_at: '' };
      await service.resources.eventLog.publish([
        {
          topic: 'rivergate.identity.token',
          key: '1',
          event: {
            specversion: '1.0',
            id: crypto.randomUUID(),
            source: '/rivergate/identity',
            type: tokenCreated.type,
            subject: '1',
            time: new Date().toISOString(),
            datacontenttype: 'application/json',
            dataschema: '',
            actor: String(ada.userId),
            organizationid: String(acme.id),
            data: { ...token, organization_id },
          },
        },
      ]);
    }
    const token = { token_id: 2, user_id: ada.userId, organization_id: acme.id };
    const data = { ...token, token_hash: '', reason: 'last' };
    await publishEvent(service, 'identity', tokenRevoked, { subject: 1, data });
    await eventually(() => types(webhook.received()).includes('identity.token.revoked'));
    expect(types(webhook.received())).not.toContain('identity.token.created');
  });

  it('that is not for webhooks reaches none', async () => {
    const webhook = await hooks.register(acme, { event_types: ['organization.*'] });
    const admin = await service.member(ada, acme.id);
    await admin.post(`${webhook.path}/test`).expect(202);
    await hooks.happens(acme, 'Last');
    await eventually(() => names(webhook.received()).includes('Last'));
    // The request for a test is audited, and stays inside.
    const expected = ['organization.webhook.created', 'organization.workspace.created', 'webhook.test'];
    expect(types(webhook.received())).toEqual(expect.arrayContaining(expected));
    expect(types(webhook.received())).not.toContain('organization.webhook.tested');
  });
});

describe('a receiver that fails', () => {
  it('is tried again later under the same id, until it answers', async () => {
    const webhook = await hooks.register(acme);
    hooks.answer(webhook, 503);
    await hooks.happens(acme, 'Lab');
    const [first] = await webhook.heard(1);
    const entry = await came(webhook, {
      outcome: 'pending',
      attempts: [{ status: 503, response: 'an answer' }],
    });
    const wait = Date.parse(entry.next_try_at) - Date.now();
    expect(wait).toBeGreaterThan(500);
    expect(wait).toBeLessThan(6_500);
    hooks.answer(webhook, 200);
    await hooks.due();
    const [, second] = await webhook.heard(2);
    expect(second).toEqual(first);
    await came(webhook, { outcome: 'delivered', attempts: [{ status: 503 }, { status: 200 }] });
    expect((await webhook.admin.get(webhook.path)).body.data.webhook.failing_since).toBeNull();
  });

  it('is waited for as long as it asks', async () => {
    const webhook = await hooks.register(acme);
    hooks.answer(webhook, (_request, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    await hooks.happens(acme, 'Lab');
    const { next_try_at } = await came(webhook, { outcome: 'pending', attempts: [{ status: 429 }] });
    expect(Math.round((Date.parse(next_try_at) - Date.now()) / 60_000)).toBe(60);
  });

  it('is given up after ten tries, and replayed with all of them anew', async () => {
    const webhook = await hooks.register(acme);
    hooks.answer(webhook, 500);
    await hooks.happens(acme, 'Lab');
    for (let tries = 1; tries <= 10; tries++) {
      await webhook.heard(tries);
      await eventually(async () => (await webhook.log())[0].attempts.length === tries);
      await hooks.due();
    }
    const { id, next_try_at } = await came(webhook, { outcome: 'failed' });
    expect(next_try_at).toBeNull();
    const path = `${webhook.path}/deliveries/${id}/replay`;
    const replayed = (await webhook.admin.post(path).expect(202)).body.data.delivery;
    expect(replayed).toMatchObject({ id, outcome: 'pending', finished_at: null });
    await eventually(async () => (await webhook.log())[0].attempts.length === 11);
    hooks.answer(webhook, 200);
    await hooks.due();
    await came(webhook, { outcome: 'delivered' });
    expect(new Set(webhook.received().map(({ id }) => id)).size).toBe(1);
  });

  it('that says that it is gone is disabled at once, and the administrators are told', async () => {
    const webhook = await hooks.register(acme, { description: 'Directory' });
    const witness = await hooks.register(acme, { event_types: ['organization.webhook.disabled'] });
    hooks.answer(webhook, 410);
    await hooks.happens(acme, 'Lab');
    await came(webhook, { outcome: 'failed', attempts: [{ status: 410 }] });
    const told = await eventually(() =>
      service.mail.to(ada.email).find(({ text }) => text.includes(`Acme ${founded}`)),
    );
    expect(told.text).toContain(`http://127.0.0.1:${hooks.port} (Directory)`);
    expect(told.text).not.toContain(webhook.at);
    expect((await webhook.admin.get(webhook.path)).body.data.webhook).toMatchObject({
      status: 'disabled',
      disabled_reason: 'gone',
    });
    expect((await witness.heard(1))[0]!.body.data).toMatchObject({ webhook_id: webhook.id, reason: 'gone' });
    expect(await service.audited(acme.id)).toContain('webhook.disabled');
  });

  it.each([
    [6, 9, 'disabled'],
    [4, 20, 'enabled'],
    [6, 8, 'enabled'],
  ])('for %i days and %i tries before is %s with the next one', async (days, failures, status) => {
    const webhook = await hooks.register(acme);
    hooks.answer(webhook, 500);
    await age(webhook, days, failures);
    await hooks.happens(acme, 'Lab');
    await eventually(async () => (await webhook.log())[0]?.attempts.length === 1);
    const expected = { status, disabled_reason: status === 'disabled' ? 'failing' : null };
    const { outcome } = await came(webhook, { outcome: status === 'disabled' ? 'cancelled' : 'pending' });
    expect(outcome).toBeDefined();
    expect((await webhook.admin.get(webhook.path)).body.data.webhook).toMatchObject(expected);
  });

  it('may answer once, and counts as well again', async () => {
    const webhook = await hooks.register(acme);
    await age(webhook, 6, 30);
    await hooks.happens(acme, 'Lab');
    await came(webhook, { outcome: 'delivered' });
    const [row] = await service.sql(
      'select failures, failing_since from organization.webhooks where id = ?',
      [webhook.id],
    );
    expect(row).toEqual({ failures: 0, failing_since: null });
  });
});

describe('a disabled webhook', () => {
  it('gets nothing, has what waited for it cancelled, and can neither be tested nor replayed', async () => {
    const webhook = await hooks.register(acme);
    hooks.answer(webhook, 500);
    await hooks.happens(acme, 'Waiting');
    const { id } = await came(webhook, { outcome: 'pending', attempts: [{ status: 500 }] });
    await webhook.admin.patch(webhook.path, { status: 'disabled' }).expect(200);
    await came(webhook, { outcome: 'cancelled', next_try_at: null });
    const range = { from: new Date(0).toISOString(), to: new Date().toISOString() };
    for (const [path, body] of [['test'], [`deliveries/${id}/replay`], ['replay', range]] as const)
      expectError(await webhook.admin.post(`${webhook.path}/${path}`, body), 409, 'WEBHOOK_DISABLED');
    await hooks.due();
    await hooks.happens(acme, 'Missed');
    // What is certain to come after it has come.
    const second = await hooks.register(acme, { event_types: ['organization.member.*'] });
    await second.admin.post(`${second.path}/test`).expect(202);
    await second.heard(1);
    expect(webhook.received()).toHaveLength(1);
  });

  it('is sent by a replay what it has missed, once it is enabled', async () => {
    const webhook = await hooks.register(acme);
    const from = new Date().toISOString();
    await hooks.happens(acme, 'Arrived');
    await webhook.heard(1);
    await came(webhook, { outcome: 'delivered' });
    await webhook.admin.patch(webhook.path, { status: 'disabled' });
    await hooks.happens(acme, 'Missed');
    const other = { event_types: ['organization.workspace.created'] };
    const witness = await hooks.register(acme, other);
    await hooks.happens(acme, 'Missed too');
    await witness.heard(1);
    await webhook.admin.patch(webhook.path, { status: 'enabled' });
    const replay = (more = {}) =>
      webhook.admin.post(`${webhook.path}/replay`, { from, to: new Date().toISOString(), ...more });
    expect((await replay().expect(202)).body.data).toEqual({ deliveries: 2, next_from: null });
    expect(names(await webhook.heard(3)).toSorted()).toEqual(['Arrived', 'Missed', 'Missed too']);
    await eventually(async () => (await webhook.log('?outcome=delivered')).length === 3);
    expect((await replay()).body.data.deliveries).toBe(0);
    expect((await replay({ delivered: true })).body.data.deliveries).toBe(3);
    const ids = (await webhook.heard(6)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    expectError(await replay({ to: new Date(0).toISOString() }), 422, 'VALIDATION_ERROR');
  });
});

describe('a new secret', () => {
  it('signs beside the one before, until that is over', async () => {
    const webhook = await hooks.register(acme);
    const rotate = async (overlap_seconds: number) =>
      (await webhook.admin.post(`${webhook.path}/rotate-secret`, { overlap_seconds }).expect(200)).body.data
        .secret;
    const second = await rotate(3_600);
    await hooks.happens(acme, 'Lab');
    await webhook.heard(1);
    expect(webhook.received(second)).toEqual(webhook.received(webhook.secret));
    const third = await rotate(0);
    await webhook.admin.post(`${webhook.path}/test`).expect(202);
    await eventually(async () => (await webhook.log('?outcome=delivered')).length === 2);
    expect(() => webhook.received(webhook.secret)).toThrow('No matching signature');
    expect(() => webhook.received(second)).toThrow('No matching signature');
    await webhook.admin.delete(webhook.path).expect(200);
    const fresh = await hooks.register(acme);
    expect(fresh.secret).not.toBe(third);
  });
});

it('nothing is sent without a signature, as after a change of ENCRYPTION_KEY; a new secret puts that right', async () => {
  const webhook = await hooks.register(acme);
  await service.sql(
    `update organization.webhooks set secrets = jsonb_set(secrets, '{0,sealed}', '"AQ=="') where id = ?`,
    [webhook.id],
  );
  await webhook.admin.post(`${webhook.path}/test`).expect(202);
  await came(webhook, { outcome: 'pending', attempts: [{ status: null, error: 'secret_unreadable' }] });
  const rotated = await webhook.admin.post(`${webhook.path}/rotate-secret`, {}).expect(200);
  await hooks.due();
  await came(webhook, { outcome: 'delivered' });
  expect(webhook.received(rotated.body.data.secret)).toHaveLength(1);
});

describe('the log', () => {
  it('is paged by cursor and chosen by outcome', async () => {
    const webhook = await hooks.register(acme);
    for (let count = 0; count < 5; count++) await webhook.admin.post(`${webhook.path}/test`).expect(202);
    await eventually(async () => (await webhook.log('?outcome=delivered')).length === 5);
    const path = `${webhook.path}/deliveries?limit=2`;
    const seen: number[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { deliveries, next_cursor }: Page = (
        await webhook.admin.get(path + (cursor && `&cursor=${cursor}`))
      ).body.data;
      seen.push(...deliveries.map(({ id }) => id));
      cursor = next_cursor;
    }
    expect(seen).toEqual((await webhook.log()).map(({ id }) => id));
    expect(await webhook.log('?outcome=failed')).toEqual([]);
    expectError(await webhook.admin.get(`${path}&cursor=MQ`), 422, 'VALIDATION_ERROR');
  });

  it('is forgotten after thirty days', async () => {
    const webhook = await hooks.register(acme);
    await webhook.admin.post(`${webhook.path}/test`).expect(202);
    await came(webhook, { outcome: 'delivered' });
    await service.sql(
      `update organization.webhook_messages set created_at = now() - interval '31 days' where organization_id = ?`,
      [acme.id],
    );
    await forgetOldMessages.run({ knex: service.resources.knex });
    expect(await webhook.log()).toEqual([]);
  });
});
