import {
  type AttributePolicy,
  type Condition,
  forgetMemberships,
  policyReports,
  projectAccess,
  readPolicyReport,
} from '@rivergate/caller';
import { holdBack } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { type Handler, json, testRoute } from '../testing/stand-in.ts';
import { type SignedIn, someId, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const [INSIDE, OUTSIDE] = ['198.51.100.7', '203.0.113.9'];
const inside: Condition = { attribute: 'request.ip', operator: 'in', value: ['198.51.100.0/24'] };

let fleet: TestFleet;
let other: RunningGateway;
let echo: Handler;
beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/things', { operation: 'listThings' }),
      testRoute('POST', '/api/v1/things', { operation: 'makeThing', caller: 'perm:storage.write' }),
      testRoute('GET', '/api/v1/organizations/{org_id}/things', { operation: 'listThingsOf' }),
      testRoute('GET', '/api/v1/workspaces/{workspace_id}/things', { workspace: 'params.workspace_id' }),
      testRoute('POST', '/api/v1/leave', { operation: 'leave', anyNetwork: true }),
      testRoute('GET', '/api/v1/open', { caller: 'public' }),
    ],
    { env: { TRUST_PROXY: 'loopback' } },
  );
  other = await startGateway(fleet.env);
  echo = fleet.storage.handle;
});
beforeEach(() => {
  fleet.storage.handle = echo;
});
afterAll(async () => {
  await other?.stop();
  await fleet?.stop();
});

const policy = (condition: Condition, more: Partial<AttributePolicy> = {}): AttributePolicy => ({
  id: someId(),
  revision: 1,
  name: 'Office only',
  effect: 'deny',
  mode: 'enforce',
  condition,
  ...more,
});

/** What sso does when policies change. */
async function set({ organizationId }: SignedIn, ...policies: AttributePolicy[]) {
  fleet.attributePolicies.set(organizationId!, policies);
  await forgetMemberships(fleet.redis, organizationId!);
}

type Asking = { from?: string; path?: string; method?: string; url?: string };
async function send(headers: { authorization?: string }, asking: Asking = {}) {
  const { from = INSIDE, path = '/api/v1/things', method = 'GET', url = fleet.url } = asking;
  return fetch(url + path, { method, headers: { ...headers, 'x-forwarded-for': from } });
}
async function ask(headers: { authorization?: string }, asking: Asking = {}) {
  const answer = await send(headers, asking);
  const { error } = (await answer.json()) as { error?: { code: string } };
  return error ? `${answer.status} ${error.code}` : `${answer.status}`;
}
const DENIED = '403 POLICY_DENIED';

describe('policies by attributes', () => {
  it('count from the next request on at every gateway, each time they change', async () => {
    const user = await fleet.signIn();
    const at = { from: OUTSIDE };
    for (let time = 0; time < 3; time++) expect(await ask(user.headers, at)).toBe('200');
    for (let time = 0; time < 10; time++) {
      await set(user, policy({ not: inside }));
      for (const url of [fleet.url, other.url]) {
        expect(await ask(user.headers, { ...at, url })).toBe(DENIED);
        expect(await ask(user.headers, { url })).toBe('200');
      }
      await set(user);
      for (const url of [other.url, fleet.url]) expect(await ask(user.headers, { ...at, url })).toBe('200');
    }
  });

  it('name themselves in the refusal', async () => {
    const user = await fleet.signIn();
    const denying = policy({ all: [] });
    await set(user, denying);
    const { error } = (await (await send(user.headers)).json()) as { error: { details: unknown } };
    const detail = { field: `policy.${denying.id}`, code: 'not_allowed', reason: 'Office only' };
    expect(error.details).toEqual([detail]);
  });

  it('see method, operation and permission of what is asked for', async () => {
    const user = await fleet.signIn();
    const about = (attribute: never, value: string) =>
      set(user, policy({ attribute, operator: 'in', value: [value] }));
    const both = async () => [await ask(user.headers), await ask(user.headers, { method: 'POST' })];
    await about('request.method' as never, 'POST');
    expect(await both()).toEqual(['200', DENIED]);
    await about('resource.operation' as never, 'listThings');
    expect(await both()).toEqual([DENIED, '200']);
    await about('resource.permission' as never, 'storage.write');
    expect(await both()).toEqual(['200', DENIED]);
  });

  it('see who asks, and how they were authenticated', async () => {
    const user = await fleet.signIn();
    const strong = {
      authorization: `Bearer ${await fleet.token({
        sub: String(user.userId),
        sid: user.sessionId,
        org_id: user.organizationId,
        amr: ['pwd', 'otp', 'mfa'],
      })}`,
    };
    await set(user, policy({ not: { attribute: 'session.amr', operator: 'has_any', value: ['otp'] } }));
    expect([await ask(user.headers), await ask(strong)]).toEqual([DENIED, '200']);
    await set(user, policy({ attribute: 'user.id', operator: 'in', value: [user.userId] }));
    expect(await ask(strong)).toBe(DENIED);
    await set(user, policy({ attribute: 'user.permissions', operator: 'has_any', value: ['storage.read'] }));
    expect(await ask(strong)).toBe(DENIED);
  });

  it('see whether the device is trusted, until the request after that ends', async () => {
    const user = await fleet.signIn();
    const session = fleet.sessions.get(user.sessionId)!;
    const { userId: user_id, organizationId: organization_id } = user;
    const token = { authorization: `Bearer ${fleet.issueToken({ user_id, organization_id })}` };
    await set(user, policy({ not: { attribute: 'device.trusted', operator: 'is', value: true } }));
    for (const trusted of [true, false, true, false]) {
      session.device_trusted = trusted;
      const type = `identity.trusted_device.${trusted ? 'activated' : 'revoked'}`;
      const data = { user_id, device_id: 1, session_ids: [user.sessionId] };
      expect(await projectAccess(fleet.redis, { type, data })).toBe(true);
      for (const url of [fleet.url, other.url])
        expect(await ask(user.headers, { url })).toBe(trusted ? '200' : DENIED);
      if (trusted) expect(fleet.storage.received.at(-1)?.principal).toMatchObject({ deviceTrusted: true });
      // What is not known of a request compares as false.
      expect(await ask(token)).toBe(DENIED);
    }
  });

  it('see the roles of who asks, and nothing of them where they are not told', async () => {
    const user = await fleet.signIn({ role_ids: [11, 12] });
    const held = (...value: number[]): Condition => ({ attribute: 'user.roles', operator: 'has_any', value });
    await set(user, policy({ not: held(12) }));
    expect(await ask(user.headers)).toBe('200');
    await set(user, policy(held(12, 13)));
    expect(await ask(user.headers)).toBe(DENIED);
    const member = fleet.members.get(`${user.organizationId}:${user.userId}`)!;
    member.role_ids = [11];
    await forgetMemberships(fleet.redis, user.organizationId!);
    expect(await ask(user.headers)).toBe('200');
    delete member.role_ids;
    await set(user, policy({ not: held(11) }));
    expect(await ask(user.headers)).toBe(DENIED);
  });

  it('see the workspace that the path names, and none elsewhere', async () => {
    const user = await fleet.signIn();
    const within: Condition = { attribute: 'workspace.id', operator: 'in', value: [7] };
    const everywhere = () =>
      Promise.all(
        ['/workspaces/7/things', '/workspaces/8/things', '/workspaces/07/things', '/things'].map(path =>
          ask(user.headers, { path: `/api/v1${path}` }),
        ),
      );
    await set(user, policy(within));
    expect(await everywhere()).toEqual([DENIED, '200', '200', '200']);
    await set(user, policy({ not: within }));
    expect(await everywhere()).toEqual(['200', DENIED, DENIED, DENIED]);
  });

  it('hold for every kind of token, for clients, and for administrators of the organization', async () => {
    const user = await fleet.signIn({ is_admin: true });
    const { userId: user_id, organizationId: organization_id } = user;
    const tokens = [
      user.token,
      fleet.issueToken({ user_id, organization_id }),
      fleet.issueToken({ user_id, organization_id, bound: true }),
      fleet.issueToken({ user_id: null, organization_id, bound: true, client_id: 'app' }),
    ];
    await set(user, policy({ not: inside }));
    for (const token of tokens) {
      const headers = { authorization: `Bearer ${token}` };
      expect(await ask(headers)).toBe('200');
      expect(await ask(headers, { from: OUTSIDE })).toBe(DENIED);
    }
    await set(user, policy({ not: { attribute: 'token.kind', operator: 'in', value: ['session'] } }));
    const answers = await Promise.all(tokens.map(token => ask({ authorization: `Bearer ${token}` })));
    expect(answers).toEqual(['200', DENIED, DENIED, DENIED]);
  });

  it('are those of the organization that the request acts on, and keep out neither strangers nor who leaves', async () => {
    const [user, stranger] = [await fleet.signIn(), await fleet.signIn()];
    await set(user, policy({ all: [] }));
    const path = `/api/v1/organizations/${user.organizationId}/things`;
    expect(await ask(stranger.headers)).toBe('200');
    expect(await ask(stranger.headers, { path })).toBe('200');
    expect(fleet.storage.received.at(-1)?.principal).toMatchObject({ isMember: false });
    expect(await ask(user.headers, { path: '/api/v1/leave', method: 'POST' })).toBe('200');
    expect(await ask({}, { path: '/api/v1/open' })).toBe('200');
    expect(await ask(user.headers, { path })).toBe(DENIED);
  });

  it('keep out no administrator of the platform', async () => {
    const root = await fleet.signIn({ isSystemAdmin: true });
    await set(root, policy({ all: [] }));
    expect(await ask(root.headers)).toBe('200');
  });

  it('are asked in their order, and an allow gives no rights', async () => {
    const user = await fleet.signIn();
    await set(user, policy(inside, { effect: 'allow' }), policy({ all: [] }));
    expect([await ask(user.headers), await ask(user.headers, { from: OUTSIDE })]).toEqual(['200', DENIED]);
    expect(await ask(user.headers)).toBe('200');
    expect(fleet.storage.received.at(-1)?.principal).toMatchObject({ permissions: ['storage.read'] });
  });

  it('are compared again when a body is held back until they have changed', async () => {
    const user = await fleet.signIn();
    const before = fleet.storage.received.length;
    const headers = { ...user.headers, 'x-forwarded-for': OUTSIDE };
    const request = holdBack(fleet.url, { path: '/api/v1/things', body: '{"a":1}', headers });
    await request.accepted;
    const held = new Promise(passed => setTimeout(passed, 1_000));
    await set(user, policy({ not: inside }));
    await held;
    request.release();
    expect(await request.answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(fleet.storage.received).toHaveLength(before);
  });

  it('end the streams that they deny, and no others', async () => {
    const user = await fleet.signIn();
    let open = 0;
    fleet.storage.handle = (_, response) => {
      open += 1;
      response.once('close', () => {
        open -= 1;
      });
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('begun\n');
    };
    const [stays, ends] = [await send(user.headers), await send(user.headers, { from: OUTSIDE })];
    expect(open).toBe(2);
    await set(user, policy({ not: inside }));
    await expect(ends.text()).rejects.toThrow();
    await vi.waitFor(() => expect(open).toBe(1));
    const next = await stays.body!.getReader().read();
    expect(Buffer.from(next.value!).toString()).toBe('begun\n');
  });

  it('are 503 where they cannot be known, and sso is asked about no organization that has none', async () => {
    const [user, neighbour] = [await fleet.signIn(), await fleet.signIn()];
    fleet.attributePolicies.set(user.organizationId!, []);
    const answer = fleet.sso.handle;
    fleet.sso.handle = (_, response) => json(response, 500, {});
    expect(await ask(user.headers)).toMatch(/^503 /);
    expect(await ask(neighbour.headers)).toBe('200');
    fleet.sso.handle = answer;
    expect(await ask(user.headers)).toBe('200');
  });
});

describe('a policy in mode report', () => {
  it('refuses nothing, and what it would have refused is counted for a day, by user and operation', async () => {
    const user = await fleet.signIn();
    const dry = policy({ attribute: 'request.method', operator: 'in', value: ['POST'] }, { mode: 'report' });
    await set(user, dry);
    for (let time = 0; time < 3; time++)
      expect(await ask(user.headers, { method: 'POST', url: time % 2 ? fleet.url : other.url })).toBe('200');
    expect(await ask(user.headers)).toBe('200');
    await vi.waitFor(
      async () =>
        expect(await readPolicyReport(fleet.redis, dry)).toEqual({
          asked: 4,
          applies: 3,
          by: [{ userId: user.userId, operation: 'makeThing', requests: 3 }],
        }),
      { timeout: 10_000, interval: 100 },
    );
    const [key] = await fleet.redis.keys(`policy-report:{${dry.id}:*`);
    expect(await fleet.redis.ttl(key!)).toBeGreaterThan(80_000);
    expect(await readPolicyReport(fleet.redis, { ...dry, revision: 2 })).toEqual({
      asked: 0,
      applies: 0,
      by: [],
    });
  });

  it('tells a thousand apart in an hour, and counts the rest together', async () => {
    const reports = policyReports(fleet.redis);
    const dry = policy({ all: [] }, { mode: 'report' });
    const operation = { operation: 'makeThing', method: 'POST', caller: 'user' };
    for (let userId = 1; userId <= 1_200; userId++)
      reports.count(dry, true, { principal: { userId } as never, operation });
    await reports.stop();
    const report = await readPolicyReport(fleet.redis, dry);
    expect(report).toMatchObject({ asked: 1_200, applies: 1_200 });
    expect(report.by.length).toBeLessThan(1_000);
  });
});
