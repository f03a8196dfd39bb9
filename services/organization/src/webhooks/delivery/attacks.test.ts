import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { topicOf, workspaceUpdated } from '@rivergate/events';
import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import { eventually, expectError, freePort } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eraseOrganizations } from '../../deletion/erase-organizations.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../../testing/organization-under-test.ts';
import {
  type RegisteredWebhook,
  type WebhookFixture,
  webhookFixture,
} from '../../testing/webhook-fixture.ts';

let service: OrganizationUnderTest;
let names: NameServer;
let hooks: WebhookFixture;
let ada: Person;
beforeAll(async () => {
  names = await startNameServer();
  service = await startOrganizationUnderTest({
    OUTBOUND_ALLOW: '127.0.0.1',
    OUTBOUND_DNS: names.address,
    RATE_LIMIT_WEBHOOK_TEST: 'off',
  });
  hooks = await webhookFixture(service);
  ada = await service.person('Ada');
});
afterAll(async () => {
  await service?.stop();
  await names?.stop();
});

let founded = 0;
let acme: Founded;
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++founded}`);
});
const test = ({ admin, path }: RegisteredWebhook) => admin.post(`${path}/test`).expect(202);
/** The newest entry of the log, once it has a try. */
const tried = (webhook: RegisteredWebhook, tries = 1) =>
  eventually(async () => {
    const [entry] = await webhook.log();
    return entry?.attempts.length === tries && entry;
  }, `${tries} tries`);
const TYPE = { event_types: ['organization.workspace.updated'] };
/** Puts many events of the organization on the log at once. */
const flood = (organization: Founded, count: number) =>
  service.resources.eventLog.publish(
    Array.from({ length: count }, (_, index) => ({
      topic: topicOf(workspaceUpdated),
      key: String(index),
      event: {
        specversion: '1.0' as const,
        id: randomUUID(),
        source: '/rivergate/organization',
        type: workspaceUpdated.type,
        subject: String(index),
        time: new Date().toISOString(),
        datacontenttype: 'application/json' as const,
        dataschema: '',
        actor: '1',
        organizationid: String(organization.id),
        data: {
          workspace_id: index + 1,
          organization_id: organization.id,
          fields: [],
          name: 'x',
          slug: 'x',
          is_default: false,
        },
      },
    })),
  );
const ids = (webhook: RegisteredWebhook) => webhook.received().map(({ id }) => id);

describe('a receiver', () => {
  it('that leads on elsewhere is not followed', async () => {
    const webhook = await hooks.register(acme);
    const inside = { at: '/inside' };
    let asked = 0;
    hooks.answer(inside, () => asked++);
    const location = `http://127.0.0.1:${hooks.port}${inside.at}`;
    hooks.answer(webhook, (_request, response) => response.writeHead(307, { location }).end());
    await test(webhook);
    expect(await tried(webhook)).toMatchObject({ outcome: 'pending', attempts: [{ status: 307 }] });
    expect(asked).toBe(0);
  });

  it('whose name leads inside, once it is registered, is not reached', async () => {
    names.rebind('rebinding.test', '127.0.0.1', '10.0.0.1');
    const url = `http://rebinding.test:${hooks.port}/rebound`;
    const webhook = await hooks.register(acme, { url });
    await test(webhook);
    expect(await tried(webhook)).toMatchObject({
      outcome: 'pending',
      attempts: [{ status: null, error: 'address_not_allowed', response: null }],
    });
    names.set('inside.test', '192.168.0.1');
    const moved = await webhook.admin.patch(webhook.path, { url: url.replace('rebinding', 'inside') });
    expectError(moved, 422, 'VALIDATION_ERROR');
    expect(moved.text).not.toContain('192.168');
  });

  it('that answers without end has its first bytes read, and has answered', async () => {
    const webhook = await hooks.register(acme);
    let closed = 0;
    hooks.answer(webhook, (_request, response) => {
      response.writeHead(200, { 'content-length': '1000000000000' });
      const writing = setInterval(() => response.write('\u0000ab'.repeat(10_000)), 1);
      response.once('close', () => {
        clearInterval(writing);
        closed += 1;
      });
    });
    await test(webhook);
    const { outcome, attempts } = await tried(webhook);
    expect([outcome, attempts[0].response.length]).toEqual(['delivered', 1_024]);
    expect(attempts[0].response.startsWith('\uFFFDab')).toBe(true);
    await eventually(() => closed === 1);
  });

  it('that holds its answer back after its status has answered', async () => {
    const webhook = await hooks.register(acme);
    hooks.answer(webhook, (_request, response) => response.writeHead(200).write('begun'));
    await test(webhook);
    const { outcome, attempts } = await tried(webhook);
    expect([outcome, attempts[0].response]).toEqual(['delivered', 'begun']);
    expect(attempts[0].duration_ms).toBeLessThan(5_000);
  });

  it('that is down gets its event when it is up', async () => {
    const port = await freePort();
    const webhook = await hooks.register(acme, { url: `http://127.0.0.1:${port}/` });
    await test(webhook);
    expect((await tried(webhook)).attempts[0]).toMatchObject({ status: null, error: 'refused' });
    const server = createServer((_request, response) => response.writeHead(204).end());
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
    await hooks.due();
    expect(await tried(webhook, 2)).toMatchObject({ outcome: 'delivered' });
    server.closeAllConnections();
    server.close();
  });

  it('that does not answer delays nobody else, of its organization or of another', async () => {
    const [slow, quick] = [await hooks.register(acme, TYPE), await hooks.register(acme, TYPE)];
    const other = await service.found(ada, `Other ${founded}`);
    const theirs = await hooks.register(other, TYPE);
    const held: ServerResponse[] = [];
    hooks.answer(slow, (_request, response) => held.push(response));
    await flood(acme, 100);
    await quick.heard(100);
    await flood(other, 10);
    await theirs.heard(10);
    // As many as one webhook has to answer at once.
    expect(slow.received()).toHaveLength(10);
    for (const response of held) response.writeHead(204).end();
    hooks.answer(slow, 204);
    await slow.heard(100);
  });
});

describe('an event is sent once', () => {
  it('of a thousand at once, and those of others come in between', async () => {
    const webhook = await hooks.register(acme, TYPE);
    const other = await service.found(ada, `Other ${founded}`);
    const theirs = await hooks.register(other, TYPE);
    await flood(acme, 1_000);
    await webhook.heard(1);
    await test(theirs);
    await theirs.heard(1);
    expect(webhook.received().length).toBeLessThan(1_000);
    await webhook.heard(1_000);
    await eventually(async () => (await webhook.log('?outcome=pending')).length === 0);
    expect(new Set(ids(webhook)).size).toBe(1_000);
    expect(webhook.received()).toHaveLength(1_000);
    expect(theirs.received()).toHaveLength(1);
  });

  it('by ten workers that look at the same time', async () => {
    const webhook = await hooks.register(acme, TYPE);
    await flood(acme, 30);
    await webhook.heard(30);
    await eventually(async () => (await webhook.log('?outcome=delivered')).length === 30);
    const range = { from: new Date(0).toISOString(), to: new Date().toISOString(), delivered: true };
    await webhook.admin.post(`${webhook.path}/replay`, range).expect(202);
    await Promise.all(Array.from({ length: 10 }, () => hooks.work()));
    await eventually(async () => (await webhook.log('?outcome=delivered')).length === 30);
    expect(webhook.received()).toHaveLength(60);
    expect(new Set(ids(webhook)).size).toBe(30);
  });

  it('by ten replays at once', async () => {
    const webhook = await hooks.register(acme);
    await test(webhook);
    const { id } = await tried(webhook);
    let held: ServerResponse | undefined;
    hooks.answer(webhook, (_request, response) => {
      held = response;
    });
    const path = `${webhook.path}/deliveries/${id}/replay`;
    await webhook.admin.post(path).expect(202);
    await webhook.heard(2);
    const answers = await Promise.all(Array.from({ length: 10 }, () => webhook.admin.post(path)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    held!.writeHead(204).end();
    expect(await tried(webhook, 2)).toMatchObject({ outcome: 'delivered' });
    expect(webhook.received()).toHaveLength(2);
  });

  it('or again, where the process that had it in hand is gone; what that one still says settles nothing', async () => {
    const webhook = await hooks.register(acme);
    const held: ServerResponse[] = [];
    hooks.answer(webhook, (_request, response) => held.push(response));
    await test(webhook);
    await webhook.heard(1);
    hooks.answer(webhook, 204);
    await service.sql(
      'update organization.webhook_deliveries set claimed_until = now(), next_try_at = now() where webhook_id = ?',
      [webhook.id],
    );
    const { outcome, attempts } = await tried(webhook);
    expect([outcome, attempts[0].status]).toEqual(['delivered', 204]);
    held[0]!.writeHead(410).end();
    await test(webhook);
    await eventually(async () => (await webhook.log('?outcome=delivered')).length === 2);
    expect((await webhook.log())[1].attempts).toHaveLength(1);
    expect(new Set(ids(webhook)).size).toBe(2);
  });
});

describe('a deleted organization', () => {
  it('has nothing sent any more, and after it is restored what was waiting', async () => {
    const webhook = await hooks.register(acme);
    hooks.answer(webhook, 503);
    await test(webhook);
    await tried(webhook);
    const name = encodeURIComponent(`Acme ${founded}`);
    await webhook.admin.delete(`/api/v1/organizations/${acme.id}?confirm_name=${name}`).expect(200);
    await hooks.due();
    await flood(acme, 3);
    const other = await service.found(ada, `Other ${founded}`);
    const theirs = await hooks.register(other);
    await test(theirs);
    await theirs.heard(1);
    expect(webhook.received()).toHaveLength(1);
    hooks.answer(webhook, 204);
    const person = service.stranger(ada);
    await person.post(`/api/v1/organizations/${acme.id}/restore`).expect(200);
    await hooks.due();
    expect(await tried(webhook, 2)).toMatchObject({ outcome: 'delivered' });
  });

  it('is erased with its webhooks, messages and log', async () => {
    const webhook = await hooks.register(acme);
    await test(webhook);
    await tried(webhook);
    const name = encodeURIComponent(`Acme ${founded}`);
    await webhook.admin.delete(`/api/v1/organizations/${acme.id}?confirm_name=${name}`).expect(200);
    await service.sql('update organization.organizations set erase_at = now() where id = ?', [acme.id]);
    await eraseOrganizations.run({ knex: service.resources.knex });
    for (const table of ['webhooks', 'webhook_messages', 'webhook_deliveries'])
      expect(
        await service.sql(`select id from organization.${table} where organization_id = ?`, [acme.id]),
      ).toEqual([]);
  });
});
