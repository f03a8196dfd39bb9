import type { IncomingMessage, ServerResponse } from 'node:http';
import { acrossOrganizations } from '@rivergate/endpoint';
import { consumerGroup, topicOf } from '@rivergate/events';
import { startWebServer } from '@rivergate/outbound/testing/web-server';
import { wakeAfterCommit } from '@rivergate/service';
import { eventually, type TestCaller } from '@rivergate/testing';
import { Webhook } from 'standardwebhooks';
import { fanOut } from '../webhooks/delivery/fan-out.ts';
import { sendWebhooks } from '../webhooks/delivery/send-webhooks.ts';
import { WEBHOOK_EVENTS } from '../webhooks/event-types.ts';
import type { Founded, OrganizationUnderTest } from './organization-under-test.ts';

/** What a webhook got, as the reference library has verified it. */
export interface Received {
  id: string;
  body: { type: string; timestamp: string; data: Record<string, unknown> };
}

export interface RegisteredWebhook {
  id: number;
  secret: string;
  /** Of the webhook at the API. */
  path: string;
  admin: TestCaller;
  /** Of the webhook at the receiver. */
  at: string;
  /** Every request so far, oldest first. @throws where one was not signed by the secret */
  received(secret?: string): Received[];
  /** Waits for as many requests. */
  heard(count: number): Promise<Received[]>;
  /** The log, newest first. */
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  log(query?: string): Promise<any[]>;
}

/** Milliseconds that a thousand requests may take on a machine that is busy. */
const FLOOD_PATIENCE = 60_000;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebhookFixture {
  port: number;
  register(founded: Founded, fields?: object): Promise<RegisteredWebhook>;
  /** From now on, requests of this webhook are answered so; a number is a status. */
  answer(webhook: Pick<RegisteredWebhook, 'at'>, how: number | Answer): void;
  /** Something happens in the organization: a workspace of this name is made. */
  happens(founded: Founded, name: string): Promise<void>;
  /** Lets the time of everything that waits for its next try come. */
  due(): Promise<unknown>;
  /** One more process works at what is due, once. */
  work(): Promise<void>;
}

/** A receiver on this machine, and webhooks that lead to it. For a service whose OUTBOUND_ALLOW names 127.0.0.1. */
export async function webhookFixture(service: OrganizationUnderTest): Promise<WebhookFixture> {
  const answers = new Map<string, Answer>();
  const receiver = await startWebServer((request, response) => {
    const answer = answers.get(request.url!);
    if (answer) answer(request, response);
    else response.writeHead(204).end();
  });
  const topics = [...new Set(WEBHOOK_EVENTS.map(({ declaration }) => topicOf(declaration)))];
  /** What has happened so far concerns no webhook that is registered from now on. */
  const caughtUp = async () => {
    await service.drained();
    const group = consumerGroup('organization', fanOut.name);
    await eventually(async () => (await service.resources.eventLog.lag(group, topics)) === 0);
  };
  let count = 0;
  return {
    port: receiver.port,
    async register(founded, fields = {}) {
      await caughtUp();
      const at = `/hook-${++count}`;
      const admin = await service.member(founded.administrator, founded.id);
      const path = `/api/v1/organizations/${founded.id}/webhooks`;
      const url = `http://127.0.0.1:${receiver.port}${at}`;
      const created = await admin.post(path, {
        url,
        event_types: ['organization.workspace.created'],
        ...fields,
      });
      if (created.status !== 201) throw new Error(created.text);
      const { webhook, secret } = created.body.data;
      /** By the secret: none is verified twice. */
      const verified = new Map<string, Received[]>();
      const registered: RegisteredWebhook = {
        id: webhook.id,
        secret,
        path: `${path}/${webhook.id}`,
        admin,
        at,
        received(signedBy = secret) {
          const requests = receiver.requests.filter(({ url: requested }) => requested === at);
          const own = verified.get(signedBy) ?? [];
          verified.set(signedBy, own);
          for (const { headers, body } of requests.slice(own.length)) {
            const checked = new Webhook(signedBy).verify(body, headers as Record<string, string>);
            own.push({ id: String(headers['webhook-id']), body: checked as Received['body'] });
          }
          return [...own];
        },
        heard: wanted =>
          eventually(
            () => {
              const got = registered.received();
              return got.length >= wanted && got;
            },
            `${wanted} requests at ${at}`,
            FLOOD_PATIENCE,
          ),
        log: async (query = '') =>
          (await admin.get(`${registered.path}/deliveries${query}`)).body.data.deliveries,
      };
      return registered;
    },
    answer: ({ at }, how) =>
      void answers.set(
        at,
        typeof how === 'number' ? (_request, response) => response.writeHead(how).end('an answer') : how,
      ),
    async happens(founded, name) {
      const admin = await service.member(founded.administrator, founded.id);
      await admin.post(`/api/v1/organizations/${founded.id}/workspaces`, { name }).expect(201);
    },
    due: () =>
      service.resources.knex.transaction(async db => {
        await acrossOrganizations(db);
        await db('webhook_deliveries')
          .where({ outcome: 'pending', claimed_until: null })
          .update({ next_try_at: db.fn.now() });
        wakeAfterCommit(db, sendWebhooks);
      }),
    async work() {
      // No mail is sent by it: it tries no webhook that is about to be disabled.
      const mailer = { send: () => Promise.reject(new Error('A mail was decided on')), stop: async () => {} };
      const tools = { ...service.resources, mailer, appUrl: '' };
      const claimed = await sendWebhooks.claim(tools, 100);
      await sendWebhooks.settle!(tools, await Promise.all(claimed.map(one => sendWebhooks.work(tools, one))));
    },
  };
}
