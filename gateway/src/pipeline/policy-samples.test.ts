import { type AttributePolicy, forgetMemberships, readPolicySamples } from '@rivergate/caller';
import { startPrivateRedis, type TestRedis } from '@rivergate/caller/test-redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const [OFFICE, HOME] = ['198.51.100.7', '203.0.113.9'];

let redis: TestRedis;
let fleet: TestFleet;
let [second, without] = [] as unknown as [RunningGateway, RunningGateway];
beforeAll(async () => {
  redis = await startPrivateRedis();
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/things', { operation: 'listThings' }),
      testRoute('POST', '/api/v1/things', { operation: 'makeThing', caller: 'perm:storage.write' }),
      testRoute('GET', '/api/v1/workspaces/{workspace_id}/things', {
        operation: 'someThing',
        workspace: 'params.workspace_id',
      }),
      testRoute('GET', '/api/v1/organizations/{org_id}/things', { operation: 'listThingsOf' }),
      testRoute('POST', '/api/v1/leave', { anyNetwork: true }),
      testRoute('GET', '/api/v1/open', { caller: 'public' }),
    ],
    { env: { TRUST_PROXY: 'loopback' }, redis },
  );
  second = await startGateway(fleet.env);
  without = await startGateway({ ...fleet.env, POLICY_SAMPLES: 'false' });
});
afterAll(async () => {
  await without?.stop();
  await second?.stop();
  await fleet?.stop();
});

type Sending = {
  url?: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  from?: string;
};
async function send(headers: { authorization?: string }, sending: Sending = {}) {
  const { url = fleet.url, path = '/api/v1/things', method = 'GET', from = OFFICE } = sending;
  const all = { ...headers, 'x-forwarded-for': from, ...sending.headers };
  return (await fetch(url + path, { method, headers: all })).status;
}

async function sampled(organizationId: number) {
  const all = { samples: [] as string[], requests: 0, others: 0 };
  for await (const { samples, others } of readPolicySamples(fleet.redis, organizationId)) {
    all.others += others;
    for (const { request, requests } of samples) {
      const { userId, ip, workspaceId } = request.principal;
      all.requests += requests;
      all.samples.push(
        [userId, request.operation.operation ?? '', ip, workspaceId ?? '', requests].join(' '),
      );
    }
  }
  all.samples.sort();
  return all;
}
/** Waits until all are told. */
const told = (organizationId: number, requests: number) =>
  vi.waitFor(async () => expect((await sampled(organizationId)).requests).toBe(requests), {
    timeout: 10_000,
    interval: 100,
  });

describe('what is kept of requests, to try policies on', () => {
  it('are those of all gateways, to the number, also where the organization has no policy yet', async () => {
    const user = await fleet.signIn();
    for (let time = 0; time < 5; time++)
      expect(await send(user.headers, { url: time % 2 ? fleet.url : second.url })).toBe(200);
    await send(user.headers, { from: HOME, method: 'POST' });
    for (const id of [7, 8, 7]) await send(user.headers, { path: `/api/v1/workspaces/${id}/things` });
    await told(user.organizationId!, 9);
    const { samples, others } = await sampled(user.organizationId!);
    expect(others).toBe(0);
    // A quarter of an hour may have ended meanwhile.
    expect(new Set(samples.map(sample => sample.replace(/ \d+$/, '')))).toEqual(
      new Set([
        `${user.userId} listThings ${OFFICE} `,
        `${user.userId} makeThing ${HOME} `,
        ...[7, 8].map(id => `${user.userId} someThing ${OFFICE} ${id}`),
      ]),
    );
  });

  it('are those that come to the policies, denied or not, of members alone', async () => {
    const [user, stranger, root] = [
      await fleet.signIn(),
      await fleet.signIn(),
      await fleet.signIn({ isSystemAdmin: true }),
    ];
    const denying: AttributePolicy = {
      ...{ id: 1, revision: 1, name: 'Nobody', effect: 'deny', mode: 'enforce', condition: { all: [] } },
    };
    fleet.attributePolicies.set(user.organizationId!, [denying]);
    await forgetMemberships(fleet.redis, user.organizationId!);
    const path = `/api/v1/organizations/${user.organizationId}/things`;
    expect(await send(user.headers)).toBe(403);
    expect(await send(user.headers, { path: '/api/v1/leave', method: 'POST' })).toBe(200);
    await send(stranger.headers, { path });
    await send(root.headers, { path });
    await send({}, { path: '/api/v1/open' });
    await send({}, { path });
    await send(user.headers, { url: without.url });
    // What comes later is told later.
    await send(user.headers);
    await told(user.organizationId!, 2);
    expect((await sampled(root.organizationId!)).requests).toBe(0);
  });

  it('hold nothing of what a client says of itself', async () => {
    const user = await fleet.signIn();
    const hostile = '"],"__proto__":[\'; flushall';
    const headers = { 'user-agent': hostile, 'x-request-id': hostile, cookie: hostile, referer: hostile };
    await send(user.headers, { path: `/api/v1/things?${encodeURIComponent(hostile)}`, headers });
    for (const from of [`${hostile}, ${hostile}`, '1.2.3.4.5', '2001:db8::%"]', '::ffff:203.0.113.9'])
      await send(user.headers, { from });
    await told(user.organizationId!, 5);
    const [key] = await fleet.redis.keys(`policy-sample:{organization:${user.organizationId}}:*`);
    expect(JSON.stringify(await fleet.redis.hgetall(key!))).not.toMatch(/proto|flushall|%|1\.2\.3\.4/);
    for (const sample of (await sampled(user.organizationId!)).samples)
      expect(sample).toMatch(/ (127\.0\.0\.1|203\.0\.113\.9|198\.51\.100\.7) /);
  });

  it('are bounded for each organization and hour, and say how many there were beyond', async () => {
    const user = await fleet.signIn();
    const asked = Array.from({ length: 230 }, (_, id) => `/api/v1/workspaces/${id + 1}/things`);
    for (let from = 0; from < asked.length; from += 46)
      await Promise.all(asked.slice(from, from + 46).map(path => send(user.headers, { path })));
    await vi.waitFor(
      async () => {
        const { requests, others } = await sampled(user.organizationId!);
        expect(requests + others).toBe(230);
      },
      { timeout: 10_000, interval: 100 },
    );
    const { requests, samples } = await sampled(user.organizationId!);
    expect(requests).toBe(samples.length);
    expect(requests).toBeGreaterThanOrEqual(200);
    // More than 200 only where an hour has ended meanwhile.
    expect(requests).toBeLessThan(230);
  });

  it('keep no request waiting, and fail none, while Redis is away', async () => {
    const user = await fleet.signIn();
    expect(await send(user.headers)).toBe(200);
    await redis.stop();
    for (let time = 0; time < 5; time++) expect(await send(user.headers)).toBe(200);
  });
});
