import {
  anonymous,
  MOST_SAMPLES,
  type PolicySamples,
  type Principal,
  policySamples,
  readPolicySamples,
  SAMPLED_HOURS,
} from '@rivergate/caller';
import { startPrivateRedis, type TestRedis } from '@rivergate/caller/test-redis';
import { accessPolicy, useAttributePolicies } from '@rivergate/contracts';
import { endpoints } from '@rivergate/endpoint';
import { organizationDeleted } from '@rivergate/events';
import {
  administrator,
  eventually,
  expectError,
  publishEvent,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sso } from '../../service.ts';
import { tryOnSamples } from './try-on-samples.ts';

const PATH = '/api/v1/sso/abac-policies';
const DRY_RUN = `${PATH}/dry-run`;
const [OFFICE, HOME] = ['198.51.100.7', '203.0.113.9'];
const OUTSIDE = { not: { attribute: 'request.ip', operator: 'in', value: ['198.51.100.0/24'] } };

let redis: TestRedis;
let service: ServiceUnderTest;
let organizationId = 100;
beforeAll(async () => {
  const endpoint = endpoints();
  const organization = [
    endpoint(useAttributePolicies, async () => ({})),
    endpoint(accessPolicy, async () => ({
      ip_allow_list: [],
      personal_tokens: true,
      personal_token_max_days: null,
      organization_tokens: true,
      oauth_applications: true,
      sso: null,
      attribute_policies: true,
    })),
  ];
  redis = await startPrivateRedis();
  const env = { REDIS_URL: redis.url, RATE_LIMIT_POLICY_DRY_RUN: '100/60' };
  service = await startServiceUnderTest(sso, { peers: { organization }, env });
});
beforeEach(() => {
  organizationId += 1;
});
afterAll(async () => {
  await service?.stop();
  await redis?.stop();
});

const ada = (more: object = {}) =>
  service.as(administrator({ userId: 1, organizationId, ip: OFFICE, ...more }));
const text = (more: object = {}) => ({
  name: 'Office only',
  priority: 10,
  effect: 'deny',
  mode: 'enforce',
  condition: OUTSIDE,
  ...more,
});
const make = async (more: object = {}) =>
  (await ada().post(PATH, text(more)).expect(201)).body.data.policy as { id: number };
const dryRun = async (body: object, who = ada()) =>
  (await who.post(DRY_RUN, body).expect(200)).body.data.dry_run;

const operation = { operation: 'getThing', method: 'get', caller: 'perm:storage.read' };
const from = (ip: string | null, more: Partial<Principal> = {}): Principal =>
  Object.freeze({
    ...anonymous(ip),
    ...{
      kind: 'user',
      userId: 7,
      organizationId,
      isMember: true,
      sessionId: 1,
      permissions: ['storage.read'],
    },
    ...{ roleIds: [3], amr: ['pwd'], authTime: Math.floor(Date.now() / 1000) - 30, ...more },
  } as Principal);
/** What a gateway keeps of requests, of the kinds that `count` is told. */
async function sampled(count: (samples: PolicySamples) => void) {
  const samples = policySamples(service.resources.redis);
  count(samples);
  await samples.stop();
}
const requests = (...principals: Principal[]) =>
  sampled(samples => {
    for (const principal of principals)
      samples.count(organizationId, MOST_SAMPLES.without, { principal, operation });
  });
const keys = async () =>
  await service.resources.redis.keys(`policy-sample:{organization:${organizationId}}:*`);

describe('a dry run', () => {
  it('of a first policy says which requests of the last day it would deny, to the number', async () => {
    await requests(from(OFFICE), from(HOME), from(HOME), from(HOME, { userId: 8 }), from(null));
    const tried = await dryRun({ policy: text() });
    expect(tried).toMatchObject({
      ...{
        requests: 5,
        sampled: 5,
        newly_denied: 4,
        newly_allowed: 0,
        changed_groups: 3,
        locks_you_out: null,
      },
    });
    expect(tried.changed[0]).toMatchObject({
      ...{ decision: 'deny', user_id: 7, operation: 'getThing', network: '203.0.113.0/24', requests: 2 },
      before: null,
      after: { policy_id: null, name: 'Office only' },
      example: { 'request.ip': HOME, 'user.id': 7, 'user.roles': [3], 'session.amr': ['pwd'] },
    });
    const ago = Date.now() - Date.parse(tried.from);
    expect(ago).toBeGreaterThanOrEqual(0);
    expect(ago).toBeLessThan(2 * 3_600_000);
    expect((await ada().get(PATH).expect(200)).body.data.policies).toEqual([]);
  });

  it('of a change or a deletion says what would be decided otherwise, and by which policy then', async () => {
    const { id } = await make();
    const second = await make({ priority: 20, name: 'No tokens', condition: { all: [] }, mode: 'report' });
    await requests(from(OFFICE), from(HOME));
    expect(await dryRun({ policy_id: id })).toMatchObject({
      ...{ newly_denied: 0, newly_allowed: 1 },
      changed: [{ decision: 'allow', before: { policy_id: id, name: 'Office only' }, after: null }],
    });
    expect(await dryRun({ policy_id: id, policy: text() })).toMatchObject({ changed: [], newly_denied: 0 });
    expect(await dryRun({ policy_id: id, policy: text({ mode: 'report' }) })).toMatchObject({
      newly_allowed: 1,
    });
    const enforced = text({ priority: 20, name: 'No tokens', condition: { all: [] } });
    expect(await dryRun({ policy_id: second.id, policy: enforced })).toMatchObject({
      ...{ newly_denied: 1, changed: [{ after: { policy_id: second.id } }] },
      locks_you_out: { policy_id: second.id, name: 'No tokens', operation: 'listAbacPolicies' },
    });
    const exception = text({ priority: 1, effect: 'allow', condition: { all: [] } });
    expect(await dryRun({ policy: exception })).toMatchObject({ newly_allowed: 1, newly_denied: 0 });
    // Of the same priority the older one is asked first.
    expect(await dryRun({ policy: { ...exception, priority: 10 } })).toMatchObject({ newly_allowed: 0 });
  });

  it.each([
    ['user.is_admin', 'is', true, { isAdmin: true }],
    ['user.impersonated', 'is', true, { impersonator: { userId: 9, boundTo: 1 } }],
    ['user.permissions', 'has_any', ['storage.write'], { permissions: ['storage.write'] }],
    ['user.roles', 'has_any', [4], { roleIds: [4, 5] }],
    ['session.amr', 'has_any', ['otp'], { amr: ['pwd', 'otp'] }],
    ['session.second_factor_omitted', 'is', true, { secondFactorOmitted: true }],
    ['device.trusted', 'is', true, { deviceTrusted: true }],
    ['token.kind', 'in', ['pat'], { token: { kind: 'pat', id: 1, hash: 'x', boundTo: null } }],
    ['token.client_id', 'in', ['app'], { clientId: 'app' }],
    ['workspace.id', 'in', [12], { workspaceId: 12 }],
  ])('knows %s of a request', async (attribute, operator, value, more) => {
    await requests(from(OFFICE), from(OFFICE, more as Partial<Principal>));
    const condition = { attribute, operator, value };
    expect(await dryRun({ policy: text({ condition }) })).toMatchObject({ requests: 2, newly_denied: 1 });
  });

  it('knows the age of an authentication, and the time, in steps', async () => {
    const now = Math.floor(Date.now() / 1000);
    await requests(from(OFFICE, { authTime: now - 800 }), from(OFFICE, { authTime: now - 4_000 }));
    const older = (value: number) => ({ not: { attribute: 'session.age', operator: 'at_most', value } });
    const denied = async (condition: object) =>
      (await dryRun({ policy: text({ condition }) })).newly_denied as number;
    expect(await Promise.all([600, 900, 3_600, 7_200].map(value => denied(older(value))))).toEqual([
      2, 1, 1, 0,
    ]);
    const whole = { time_zone: 'UTC', weekdays: [1, 2, 3, 4, 5, 6, 7], from: '00:00', until: '24:00' };
    expect(await denied({ attribute: 'request.time', operator: 'within', value: whole })).toBe(2);
  });

  it('is exact to the bound, and says beyond it that it is a sample', async () => {
    const people = (count: number) => Array.from({ length: count }, (_, n) => from(HOME, { userId: n + 1 }));
    await requests(...people(MOST_SAMPLES.without));
    const exact = { requests: 200, sampled: 200, newly_denied: 200 };
    expect(await dryRun({ policy: text() })).toMatchObject(exact);
    await requests(...people(MOST_SAMPLES.without + 50));
    const beyond = await dryRun({ policy: text() });
    expect(beyond).toMatchObject({ requests: 450, sampled: 400, newly_denied: 400, changed_groups: 200 });
    expect(beyond.changed).toHaveLength(100);
  });

  it('is of what has been kept for a day at most', async () => {
    await requests(from(HOME));
    const [key] = await keys();
    const left = await service.resources.redis.pttl(key!);
    expect(left).toBeGreaterThan((SAMPLED_HOURS - 1) * 3_600_000 - 60_000);
    expect(left).toBeLessThanOrEqual(SAMPLED_HOURS * 3_600_000);
    const data = { organization_id: organizationId, name: 'Acme', reason: 'test' };
    await publishEvent(service, 'organization', organizationDeleted, { subject: organizationId, data });
    await eventually(async () => (await keys()).length === 0, 'the end of the samples');
  });

  it('is for administrators, of their own organization alone', async () => {
    await requests(from(HOME));
    const { id } = await make();
    const bob = service.as(signedIn({ userId: 3, organizationId }));
    expectError(await bob.post(DRY_RUN, { policy: text() }), 403, 'FORBIDDEN');
    const mallory = ada({ userId: 2, sessionId: 2, organizationId: organizationId + 5_000 });
    expect(await dryRun({ policy: text() }, mallory)).toMatchObject({
      ...{ requests: 0, sampled: 0, from: null, changed: [] },
    });
    expectError(await mallory.post(DRY_RUN, { policy_id: id }), 404, 'ABAC_POLICY_NOT_FOUND');
  });

  it('refuses what could not be made', async () => {
    let nested: object = OUTSIDE;
    for (let depth = 0; depth < 9; depth++) nested = { not: nested };
    for (const body of [
      {},
      { policy: text({ condition: nested }) },
      { policy: text({ condition: { any: Array.from({ length: 51 }, () => ({ all: [] })) } }) },
      { policy: text({ condition: { attribute: 'constructor', operator: 'in', value: [1] } }) },
      { policy: text(), surprise: 1 },
      { policy: text({ surprise: 1 }) },
    ])
      expectError(await ada().post(DRY_RUN, body), 422, 'VALIDATION_ERROR');
    const dear = { any: Array.from({ length: 49 }, () => ({ all: [] })) };
    for (let policy = 0; policy < 4; policy++) await make({ condition: dear, mode: 'report' });
    const over = await ada().post(DRY_RUN, { policy: text() });
    expectError(over, 422, 'VALIDATION_ERROR');
    expect(over.body.error.details[0]).toMatchObject({ field: 'body.policy.condition', code: 'too_big' });
  });

  it('takes nothing in the samples for what it is not', async () => {
    await requests(from(HOME, { clientId: '","__proto__":"', amr: ['"]', '\u0000'] }), from(HOME));
    const [key] = await keys();
    await service.resources.redis.hset(key!, {
      ...{ nonsense: '3', '[1,2]': '2', '["__proto__"]': '1', '[': 'NaN', '{"length":13}': '1' },
      '[7,0,"no such","pwd",null,null,null,null,"getThing","get","user",60,0]': '4',
      '[7,0,"held","pwd",null,null,null,null,"getThing","get","user",60,9]': '5',
    });
    expect(await dryRun({ policy: text() })).toMatchObject({ requests: 18, sampled: 2, newly_denied: 2 });
  });

  it('ends in its time, and says how much it has not come to', async () => {
    await requests(from(HOME), from(OFFICE));
    const hours = readPolicySamples(service.resources.redis, organizationId);
    expect(await tryOnSamples(hours, [], [], -1)).toMatchObject({ tried: 0, others: 2, changed: [] });
  });

  it('is answered to ten at once, and to no more than a limit', async () => {
    await requests(from(HOME));
    const ten = await Promise.all(Array.from({ length: 10 }, () => dryRun({ policy: text() })));
    for (const tried of ten) expect(tried).toMatchObject({ newly_denied: 1 });
    const statuses = await Promise.all(
      Array.from({ length: 95 }, async () => (await ada().post(DRY_RUN, { policy_id: 1 })).status),
    );
    expect(statuses.every(status => status === 404)).toBe(true);
    const rest = await Promise.all(
      Array.from({ length: 95 }, async () => (await ada().post(DRY_RUN, { policy: text() })).status),
    );
    expect(rest.filter(status => status === 200)).toHaveLength(90);
    expect(rest.filter(status => status === 429)).toHaveLength(5);
  });

  it('says so where what is kept cannot be read', async () => {
    await redis.stop();
    expectError(await ada().post(DRY_RUN, { policy: text() }), 503, 'POLICY_SAMPLES_UNAVAILABLE');
  });
});
