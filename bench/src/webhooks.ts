import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { administrator, credentialCaller, signedIn, testEnvironment } from '@rivergate/testing';
import pg from 'pg';
import { cores, onCore, type Running, startProcess } from './gateway/process.ts';

type Rate = { perSecond: number; perCpuSecond: number };

const ORGANIZATIONS = 4;
/** Of each organization. */
const WEBHOOKS = 5;
/** Events of each organization that are due at once, each for all of its webhooks. */
const EVENTS = 500;
const DELIVERIES = ORGANIZATIONS * WEBHOOKS * EVENTS;
/** As many as the service has under way at once for one organization. */
const CONCURRENCY = 40;
const CHANGES = 200;

const PAYLOAD = JSON.stringify({
  type: 'organization.workspace.updated',
  timestamp: new Date(0).toISOString(),
  data: { workspace_id: 1, organization_id: 1, fields: ['name'], name: 'Laboratory', slug: 'laboratory' },
});

/**
 * Deliveries a second of the organization service to a receiver on this machine, and how long it takes from a change that was
 * answered to the request that tells of it. Beside the first, in the same run and on the same core, the same requests, signed,
 * without a service. PostgreSQL and the receiver share the other core.
 */
export async function benchWebhooks({ print = console.log } = {}): Promise<void> {
  const environment = await testEnvironment();
  const receiver = countingReceiver();
  let service: Running | undefined;
  try {
    const url = await receiver.url;
    service = await startProcess(
      join(import.meta.dirname, '../../services/organization/src/main.ts'),
      [],
      {
        ...environment.of('organization'),
        PORT: undefined,
        NODE_ENV: 'production',
        SMTP_URL: 'smtp://127.0.0.1:9',
        IDENTITY_URL: 'http://127.0.0.1:9',
        LOG_LEVEL: 'error',
        OUTBOUND_ALLOW: '127.0.0.1',
        RATE_LIMIT_ORGANIZATION_CREATION: 'off',
      },
      cores.proxy,
    );
    const as = (principal: Parameters<typeof credentialCaller>[3]) =>
      credentialCaller(environment.of('gateway'), service!.url, 'organization', principal);
    const identity = credentialCaller(environment.of('identity'), service.url, 'organization', {
      ...signedIn({ userId: 1 }),
      kind: 'service',
      service: 'identity',
      userId: null,
      sessionId: null,
    });
    await identity
      .put('/internal/users/1/personal-organization', { email: 'ada@example.com', display_name: 'Ada' })
      .expect(200);
    const workspaces: { organizationId: number; id: number }[] = [];
    for (let index = 0; index < ORGANIZATIONS; index++) {
      const made = await as(signedIn({ userId: 1 }))
        .post('/api/v1/organizations', { name: `Organization ${index}` })
        .expect(201);
      const { organization, workspace } = made.body.data;
      workspaces.push({ organizationId: organization.id, id: workspace.id });
      for (let count = 0; count < WEBHOOKS; count++)
        await as(administrator({ userId: 1, organizationId: organization.id }))
          .post(`/api/v1/organizations/${organization.id}/webhooks`, {
            url,
            event_types: ['organization.workspace.updated'],
          })
          .expect(201);
    }

    const delivered = await deliveryRate(environment.databaseAdminUrl, receiver, service);
    const bare = await baseline(url);
    const [first] = workspaces;
    const path = `/api/v1/organizations/${first!.organizationId}/workspaces/${first!.id}`;
    const admin = as(administrator({ userId: 1, organizationId: first!.organizationId }));
    const times = await latency(receiver, name => admin.patch(path, { name }).expect(200));

    print('webhooks on one core          a second   a CPU second');
    const rows: [string, Rate, string][] = [
      ['signed requests alone', bare, ''],
      [
        'deliveries',
        delivered,
        `${((100 * delivered.perCpuSecond) / bare.perCpuSecond).toFixed(0)} % of the requests`,
      ],
    ];
    for (const [name, rate, ratio] of rows) {
      const cells = [rate.perSecond, rate.perCpuSecond].map(figure => figure.toFixed(0).padStart(13));
      print(`  ${name.padEnd(24)}${cells.join('')}   ${ratio}`.trimEnd());
    }
    const at = (share: number) => times[Math.floor(times.length * share)]!.toFixed(1);
    print(`  from a change to its request: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  } finally {
    await service?.stop();
    receiver.close();
    await environment.remove();
  }
}

/** Answers 204, and says when as many requests have come. */
function countingReceiver() {
  let count = 0;
  let waiting = { count: Number.POSITIVE_INFINITY, done: () => {} };
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(204).end();
      count += 1;
      if (count >= waiting.count) waiting.done();
    });
  });
  server.keepAliveTimeout = 60_000;
  const url = new Promise<string>(resolve =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`),
    ),
  );
  return {
    url,
    /** Resolves with as many more requests. */
    more(requests: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { count: count + requests, done: resolve };
      return promise;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
type Receiver = ReturnType<typeof countingReceiver>;

/** Deliveries that are all due at the same time, from the first request to the last. */
async function deliveryRate(adminUrl: string, receiver: Receiver, service: Running): Promise<Rate> {
  const database = new pg.Client({ connectionString: adminUrl });
  await database.connect();
  const [first, all] = [receiver.more(1), Promise.withResolvers<void>()];
  await database.query(
    `with messages as (
       insert into organization.webhook_messages (organization_id, event_id, type, occurred_at, payload)
       select organization_id, gen_random_uuid(), 'organization.workspace.updated', now(), $2
       from (select distinct organization_id from organization.webhooks) o, generate_series(1, $1)
       returning id, organization_id)
     insert into organization.webhook_deliveries (organization_id, webhook_id, message_id)
     select w.organization_id, w.id, m.id from messages m join organization.webhooks w using (organization_id)`,
    [EVENTS, PAYLOAD],
  );
  await database.end();
  await first;
  const [began, cpuBefore] = [performance.now(), service.cpu()];
  receiver.more(DELIVERIES - 1).then(all.resolve);
  await all.promise;
  const seconds = (performance.now() - began) / 1_000;
  return {
    perSecond: DELIVERIES / seconds,
    perCpuSecond: DELIVERIES / ((service.cpu() - cpuBefore) / 1e6),
  };
}

async function baseline(url: string): Promise<Rate> {
  const script = join(import.meta.dirname, 'webhooks/baseline.ts');
  const given = [script, url, String(DELIVERIES), String(CONCURRENCY), PAYLOAD];
  const [command, argumentsOf] = onCore(cores.proxy, process.execPath, given);
  const { stdout } = await promisify(execFile)(command, argumentsOf);
  return JSON.parse(stdout);
}

/** Milliseconds from the answer to a change to the last of the requests that tell of it, in order. */
async function latency(receiver: Receiver, change: (name: string) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < CHANGES; count++) {
    const told = receiver.more(WEBHOOKS).then(() => performance.now());
    await change(`Name ${count}`);
    const answered = performance.now();
    // The request may come before the answer of the change is read here.
    times.push(Math.max(0, (await told) - answered));
  }
  return times.toSorted((one, other) => one - other);
}
