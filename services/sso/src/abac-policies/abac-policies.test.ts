import { accessPolicy, memberPrincipal, sessionState, useAttributePolicies } from '@rivergate/contracts';
import { endpoints } from '@rivergate/endpoint';
import { organizationDeleted } from '@rivergate/events';
import {
  administrator,
  byToken,
  eventually,
  expectError,
  fellowService,
  publishEvent,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sso } from '../service.ts';

const PATH = '/api/v1/sso/abac-policies';
const OFFICE = '198.51.100.7';
const [INSIDE, OUTSIDE] = [
  { attribute: 'request.ip', operator: 'in', value: ['198.51.100.0/24'] },
  { not: { attribute: 'request.ip', operator: 'in', value: ['198.51.100.0/24'] } },
];
const writes = { attribute: 'resource.permission', operator: 'in', value: ['policy.write'] };

let service: ServiceUnderTest;
let organizationId = 100;
/** Organizations about which organization was told to ask. */
const used = new Set<number>();
/** Who is no member any more. */
const removed = new Set([2, 9]);
beforeAll(async () => {
  const endpoint = endpoints();
  const organization = [
    endpoint(useAttributePolicies, async ({ params }) => {
      used.add(params.organization_id);
      return {};
    }),
    endpoint(accessPolicy, async ({ params }) => ({
      ip_allow_list: [],
      personal_tokens: true,
      personal_token_max_days: null,
      organization_tokens: true,
      oauth_applications: true,
      sso: null,
      attribute_policies: used.has(params.organization_id),
    })),
    endpoint(memberPrincipal, async ({ params }) => ({
      member: !removed.has(params.user_id),
      is_admin: true,
      permissions: [],
      workspaces: [],
      plan: 'enterprise',
    })),
  ];
  const identity = [
    endpoint(sessionState, async ({ params }) => ({
      session_id: params.session_id!,
      user_id: params.session_id!,
      active: true,
      is_system_admin: params.session_id === 9,
      must_enrol: false,
    })),
  ];
  service = await startServiceUnderTest(sso, { peers: { organization, identity } });
});
beforeEach(() => {
  organizationId += 1;
});
afterAll(async () => await service?.stop());

const ada = (more: Partial<Parameters<typeof administrator>[0]> = {}) =>
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
  (await ada().post(PATH, text(more)).expect(201)).body.data.policy as { id: number; revision: number };
const told = async () =>
  (
    await service
      .as(fellowService('gateway'))
      .get(`/internal/organizations/${organizationId}/attribute-policies`)
      .expect(200)
  ).body.data.policies;
const audited = async () =>
  (
    await service.resources.knex.transaction(async db => {
      await db.raw("select set_config('rivergate.scope', 'platform', true)");
      return await db('audit_log').where({ organization_id: organizationId }).orderBy('id');
    })
  ).map(({ action }: { action: string }) => action);

describe('attribute-based policies', () => {
  it('are told to who decides, in their order, after organization was told to have them asked for', async () => {
    const second = await make({ priority: 20, condition: writes, effect: 'allow', mode: 'report' });
    const first = await make({ condition: { not: { ...INSIDE, value: [' 198.51.100.0/24'] } } });
    expect(used.has(organizationId)).toBe(true);
    expect(await told()).toEqual([
      { id: first.id, revision: 1, name: 'Office only', effect: 'deny', mode: 'enforce', condition: OUTSIDE },
      { id: second.id, revision: 1, name: 'Office only', effect: 'allow', mode: 'report', condition: writes },
    ]);
    const listed = (await ada().get(PATH).expect(200)).body.data.policies;
    expect(listed.map(({ id }: { id: number }) => id)).toEqual([first.id, second.id]);
  });

  it('are replaced and deleted, with an audit entry for each change and none where nothing changes', async () => {
    const { id } = await make();
    const same = await ada().put(`${PATH}/${id}`, text()).expect(200);
    expect(same.body.data.policy.revision).toBe(1);
    const changed = await ada()
      .put(`${PATH}/${id}`, text({ mode: 'report' }))
      .expect(200);
    expect(changed.body.data.policy).toMatchObject({ revision: 2, mode: 'report' });
    expect((await ada().delete(`${PATH}/${id}`).expect(200)).body.data).toEqual({ policy: { id } });
    expect(await told()).toEqual([]);
    expect(await audited()).toEqual(['abac_policy.created', 'abac_policy.updated', 'abac_policy.deleted']);
  });

  it('of another organization are not there', async () => {
    const { id } = await make();
    const mallory = ada({ userId: 2, sessionId: 2, organizationId: organizationId + 5_000 });
    for (const answer of [
      await mallory.put(`${PATH}/${id}`, text()),
      await mallory.delete(`${PATH}/${id}`),
      await mallory.get(`${PATH}/${id}/report`),
    ])
      expectError(answer, 404, 'ABAC_POLICY_NOT_FOUND');
    expect((await mallory.get(PATH).expect(200)).body.data.policies).toEqual([]);
    expect(await told()).toHaveLength(1);
  });

  it('are for administrators alone, and changed by nobody whose session is not at hand', async () => {
    const { id } = await make();
    const bob = signedIn({ userId: 3, organizationId });
    const token = byToken(administrator({ userId: 1, organizationId }), { scope: ['admin'] });
    for (const [who, code] of [
      [bob, 'FORBIDDEN'],
      [token, 'FORBIDDEN'],
    ] as const) {
      expectError(await service.as(who).post(PATH, text()), 403, code);
      expectError(await service.as(who).put(`${PATH}/${id}`, text()), 403, code);
      expectError(await service.as(who).delete(`${PATH}/${id}`), 403, code);
    }
    expectError(await service.as(bob).get(PATH), 403, 'FORBIDDEN');
    expectError(await service.as(bob).post(`${PATH}/explain`, { attributes: {} }), 403, 'FORBIDDEN');
    expectError(await service.as(bob).get(`${PATH}/${id}/report`), 403, 'FORBIDDEN');
    expect(await told()).toHaveLength(1);
  });

  it('lock nobody out who sets, changes or deletes them, and let in who administers the platform', async () => {
    const home = '203.0.113.9';
    const lockingOut = await ada({ ip: home }).post(PATH, text());
    expectError(lockingOut, 422, 'VALIDATION_ERROR');
    expect(lockingOut.body.error.details[0]).toMatchObject({ field: 'body.condition', code: 'not_allowed' });
    for (const operation of [
      'listAbacPolicies',
      'createAbacPolicy',
      'updateAbacPolicy',
      'deleteAbacPolicy',
    ]) {
      const condition = { attribute: 'resource.operation', operator: 'in', value: [operation] };
      expectError(await ada().post(PATH, text({ condition })), 422, 'VALIDATION_ERROR');
    }
    const exception = await make({ priority: 1, effect: 'allow', condition: { all: [] } });
    const rest = await make({ condition: { all: [] } });
    expectError(await ada().delete(`${PATH}/${exception.id}`), 422, 'VALIDATION_ERROR');
    const path = `${PATH}/${exception.id}`;
    const harmless = text({ priority: 11, effect: 'allow', condition: { all: [] } });
    expectError(await ada().put(path, harmless), 422, 'VALIDATION_ERROR');
    expectError(await ada().put(path, { ...harmless, priority: 1, mode: 'report' }), 422, 'VALIDATION_ERROR');
    expect(await told()).toHaveLength(2);
    const root = ada({
      userId: 9,
      sessionId: 9,
      organizationId: 1,
      isSystemAdmin: true,
      isMember: false,
      isAdmin: false,
    });
    await root.delete(path).expect(200);
    await root.delete(`${PATH}/${rest.id}`).expect(200);
  });

  it('go with their organization, and that is confirmed', async () => {
    await make();
    const data = { organization_id: organizationId, name: 'Acme', reason: 'test' };
    await publishEvent(service, 'organization', organizationDeleted, { subject: organizationId, data });
    await eventually(async () => (await told()).length === 0, 'the end of the policies');
    expect((await audited()).at(-1)).toBe('organization.erased');
  });

  it('are made one after another: ten at once lock nobody out and are no more than there may be', async () => {
    const { id: first } = await make({ priority: 1, effect: 'allow', condition: INSIDE });
    const { id: second } = await make({ priority: 2, effect: 'allow', condition: INSIDE });
    await make({ condition: { all: [] } });
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        return (await ada().delete(`${PATH}/${index % 2 ? first : second}`)).status;
      }),
    );
    expect(statuses.filter(status => status === 200)).toHaveLength(1);
    for (let left = (await told()).length; left < 45; left++) await make({ mode: 'report' });
    const made = await Promise.all(
      Array.from({ length: 10 }, async () => (await ada().post(PATH, text({ mode: 'report' }))).status),
    );
    expect(made.filter(status => status === 201)).toHaveLength(5);
    expectError(await ada().post(PATH, text()), 409, 'TOO_MANY_ABAC_POLICIES');
  });
});

const nested = (depth: number): object => (depth === 0 ? INSIDE! : { not: nested(depth - 1) });
const time = (more: object) => ({
  attribute: 'request.time',
  operator: 'within',
  value: { time_zone: 'UTC', weekdays: [1], from: '08:00', until: '18:00', ...more },
});

describe('a condition', () => {
  it.each([
    ['of nothing', {}],
    ['in a list', []],
    ['of an attribute that there is not', { attribute: 'user.shoe_size', operator: 'in', value: [1] }],
    ['of a member of every object', { attribute: 'constructor', operator: 'in', value: [1] }],
    ['by an operator of another attribute', { ...INSIDE, operator: 'matches' }],
    ['with a value of another kind', { ...INSIDE, value: 'everywhere' }],
    ['of no network', { ...INSIDE, value: ['198.51.100.7/24'] }],
    ['of no values', { ...INSIDE, value: [] }],
    ['with more beside it', { ...INSIDE, comment: 'x' }],
    ['of two groups at once', { all: [], any: [] }],
    ['of a group that is none', { all: INSIDE }],
    ['in a time zone that there is not', time({ time_zone: 'Mars/Base' })],
    ['on an eighth day', time({ weekdays: [8] })],
    ['that ends before it begins', time({ from: '18:00', until: '08:00' })],
    ['nested nine deep', nested(9)],
    ['nested as deep as a body can be', nested(58)],
    ['of fifty-one parts', { any: Array.from({ length: 50 }, () => INSIDE) }],
    ['of two thousand parts', { any: Array.from({ length: 2_000 }, () => ({ all: [] })) }],
    ['of too many bytes', { ...writes, value: Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(100)) }],
  ])('%s is refused', async (_, condition) => {
    const answer = await ada().post(PATH, text({ condition }));
    expectError(answer, 422, 'VALIDATION_ERROR');
    for (const { field } of answer.body.error.details) expect(field).toMatch(/^body\.condition/);
    expect(await told()).toEqual([]);
  });

  it('that nests without end is not read at all', async () => {
    expectError(await ada().post(PATH, text({ condition: nested(2_000) })), 400, 'MALFORMED_REQUEST');
  });

  it('names the part that is wrong', async () => {
    const condition = { all: [INSIDE, { any: [{ ...INSIDE, value: ['nowhere'] }] }] };
    const answer = await ada().post(PATH, text({ condition }));
    expectError(answer, 422, 'VALIDATION_ERROR');
    expect(answer.body.error.details[0].field).toBe('body.condition.all.1.any.0.value.0');
  });

  it('has no more parts than a request should wait for, together with those of all other policies', async () => {
    const condition = { any: Array.from({ length: 49 }, () => writes) };
    for (let policy = 0; policy < 4; policy++) await make({ condition });
    const answer = await ada().post(PATH, text());
    expectError(answer, 422, 'VALIDATION_ERROR');
    expect(answer.body.error.details[0]).toMatchObject({ field: 'body.condition', code: 'too_big' });
  });
});

describe('an explanation', () => {
  it('names the policy that decides, and what came of each part', async () => {
    const deny = await make({ condition: { all: [writes, OUTSIDE] } });
    const ask = async (attributes: object) =>
      (await ada().post(`${PATH}/explain`, { attributes }).expect(200)).body.data;
    const denied = await ask({ 'request.ip': '203.0.113.9', 'resource.permission': 'policy.write' });
    expect(denied).toMatchObject({ decision: 'deny', policy_id: deny.id });
    expect(denied.policies[0]).toMatchObject({
      applies: true,
      decides: true,
      condition: {
        outcome: true,
        all: [
          { outcome: true, actual: 'policy.write', attribute: 'resource.permission' },
          { outcome: true, not: { outcome: false, actual: '203.0.113.9' } },
        ],
      },
    });
    const open = await ask({ 'request.ip': OFFICE, 'resource.permission': 'policy.write' });
    expect(open).toMatchObject({ decision: 'none', policy_id: null });
    expect(open.policies[0]).toMatchObject({ applies: false, decides: false });
    expect(await ask({})).toMatchObject({ decision: 'none' });
    const unknown = await ada().post(`${PATH}/explain`, { attributes: { 'user.shoe_size': 1 } });
    expectError(unknown, 422, 'VALIDATION_ERROR');
  });
});

describe('a decision that is made again in the service', () => {
  const late = (userId: number, ip: string) =>
    service.as(administrator({ userId, sessionId: userId, organizationId, ip }), 1_000);

  it('is made by the policies that there are then', async () => {
    const { id } = await make();
    const denied = await late(41, '203.0.113.9').put(`${PATH}/${id}`, text({ mode: 'report' }));
    expectError(denied, 403, 'POLICY_DENIED');
    expect(denied.body.error.details).toEqual([
      { field: `policy.${id}`, code: 'not_allowed', reason: 'Office only' },
    ]);
    expect((await late(41, OFFICE).put(`${PATH}/${id}`, text({ mode: 'report' }))).status).toBe(200);
    expect((await late(41, '203.0.113.9').delete(`${PATH}/${id}`)).status).toBe(200);
  });

  it('lets no administrator change anything who has been removed', async () => {
    const { id } = await make();
    removed.add(42);
    const answers = [
      await late(42, OFFICE).post(PATH, text()),
      await late(42, OFFICE).put(`${PATH}/${id}`, text({ mode: 'report' })),
      await late(42, OFFICE).delete(`${PATH}/${id}`),
    ];
    for (const { status } of answers) expect([403, 404]).toContain(status);
    expect(await told()).toMatchObject([{ id, revision: 1 }]);
  });
});
