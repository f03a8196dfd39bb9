import { type RunningGateway, startGateway } from '@rivergate/gateway';
import { eventually, expectError, httpCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

const [OFFICE, HOME] = ['198.51.100.7', '203.0.113.9'];
const PATH = '/api/v1/sso/abac-policies';
const OUTSIDE = { not: { attribute: 'request.ip', operator: 'in', value: ['198.51.100.0/24'] } };
const LIMITS = ['STANDARD', 'PREMIUM', 'ADMIN', 'ORGANIZATION_CREATION', 'POLICY_DRY_RUN'];

let fleet: AcceptanceFleet;
/** Another one in front of the same services. */
let second: RunningGateway;
let [owner, member] = [] as unknown as [Person, Person];
let organization: Awaited<ReturnType<typeof foundOrganization>>;
/** Access tokens in the organization. */
let owners: string;
let members: string;
beforeAll(async () => {
  fleet = await startFleet({ env: Object.fromEntries(LIMITS.map(name => [`RATE_LIMIT_${name}`, 'off'])) });
  second = await startGateway({ ...fleet.environment.of('gateway'), PORT: '0' });
  [owner, member] = [await signUp(fleet, 'owner'), await signUp(fleet, 'member')];
});
beforeEach(async () => {
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
  [owners, members] = [await inside(owner), await inside(member)];
});
afterAll(async () => {
  await second?.stop();
  await fleet?.stop();
});

const from = (ip: string, token: string, url = fleet.url) =>
  httpCaller(url, () => ({ 'x-forwarded-for': ip, authorization: `Bearer ${token}` }));
const inside = async ({ tokens }: Person): Promise<string> =>
  data(await from(OFFICE, tokens.access_token).post(`${organization.path}/switch`, {})).access_token;
const text = (more: object = {}) => ({
  name: 'Office only',
  priority: 10,
  effect: 'deny',
  mode: 'enforce',
  condition: OUTSIDE,
  ...more,
});
const administer = () => from(OFFICE, owners);

describe('the policies by attributes of an organization', () => {
  it('count with the next request at every gateway, each time that they change', async () => {
    const { policy } = data(await administer().post(PATH, text()), 201);
    for (let time = 0; time < 5; time++) {
      for (const url of [fleet.url, second.url]) {
        expectError(await from(HOME, members, url).get(organization.path), 403, 'POLICY_DENIED');
        expectError(await from(HOME, owners, url).get(PATH), 403, 'POLICY_DENIED');
        data(await from(OFFICE, members, url).get(organization.path));
      }
      data(await administer().put(`${PATH}/${policy.id}`, text({ mode: 'report' })));
      for (const url of [second.url, fleet.url]) data(await from(HOME, members, url).get(organization.path));
      data(await administer().put(`${PATH}/${policy.id}`, text()));
    }
    data(await administer().delete(`${PATH}/${policy.id}`));
    data(await from(HOME, members).get(organization.path));
  });

  it('hold in a service that finds the organization by an object', async () => {
    const personal = data(await from(HOME, members).get('/api/v1/organizations')).organizations.find(
      ({ plan }: { plan: string }) => plan === 'individual',
    );
    const there = data(await from(HOME, members).post(`/api/v1/organizations/${personal.id}/switch`, {}));
    const workspace = `/api/v1/workspaces/${organization.workspaceId}`;
    data(await from(HOME, there.access_token).get(workspace));
    const condition = {
      all: [OUTSIDE, { attribute: 'resource.operation', operator: 'in', value: ['getWorkspace'] }],
    };
    data(await administer().post(PATH, text({ condition })), 201);
    expectError(await from(HOME, there.access_token).get(workspace), 403, 'POLICY_DENIED');
    data(await from(OFFICE, there.access_token).get(workspace));
    data(await from(HOME, there.access_token).get(organization.path));
  });

  it("are tried on the last day's requests before the first is made, and changed for what that shows", async () => {
    for (const url of [fleet.url, second.url, fleet.url]) {
      data(await from(HOME, members, url).get(organization.path));
      data(await from(OFFICE, members, url).get(organization.path));
    }
    const tried = async (body: object) => {
      const { dry_run } = data(await administer().post(`${PATH}/dry-run`, body));
      const [of] = dry_run.changed.filter(({ user_id }: { user_id: number }) => user_id === member.id);
      return { ...dry_run, of };
    };
    const complete = async () => (await tried({ policy: text() })).of?.requests === 3;
    await eventually(complete, 'what the gateways have kept', 10_000);
    expect(await tried({ policy: text() })).toMatchObject({
      newly_allowed: 0,
      locks_you_out: null,
      of: {
        decision: 'deny',
        operation: 'getOrganization',
        network: '203.0.113.0/24',
        requests: 3,
        before: null,
        after: { policy_id: null, name: 'Office only' },
      },
    });
    // Who asks is the owner, from the office: from home they would be kept out.
    const fromHome = data(await from(HOME, owners).post(`${PATH}/dry-run`, { policy: text() }));
    expect(fromHome.dry_run.locks_you_out).toMatchObject({ policy_id: null, operation: 'listAbacPolicies' });
    const developers = data(await administer().get(`${organization.path}/roles`)).roles.find(
      ({ name }: { name: string }) => name === 'Developer',
    ).id;
    const exempt = (ids: number[]) => ({
      all: [OUTSIDE, { not: { attribute: 'user.roles', operator: 'has_any', value: ids } }],
    });
    expect((await tried({ policy: text({ condition: exempt([developers]) }) })).of).toBeUndefined();
    expectError(await from(OFFICE, members).post(`${PATH}/dry-run`, { policy: text() }), 403, 'FORBIDDEN');
    // As it was tried, so it is decided.
    data(await administer().post(PATH, text({ condition: exempt([developers]) })), 201);
    data(await from(HOME, members).get(organization.path));
    expectError(await from(HOME, owners).get(organization.path), 403, 'POLICY_DENIED');
  });

  it('are tried on what people do before they count', async () => {
    const { policy } = data(await administer().post(PATH, text({ mode: 'report' })), 201);
    data(await from(HOME, members).get(organization.path));
    data(await from(HOME, members).get(organization.path));
    const reported = async () =>
      data(await administer().get(`${PATH}/${policy.id}/report`)).report.by.find(
        ({ user_id }: { user_id: number }) => user_id === member.id,
      );
    await eventually(async () => (await reported()) !== undefined, 'the report', 10_000);
    expect(await reported()).toEqual({ user_id: member.id, operation: 'getOrganization', requests: 2 });
    const attributes = { 'request.ip': HOME, 'user.id': member.id };
    const told = data(await administer().post(`${PATH}/explain`, { attributes }));
    expect(told).toMatchObject({ decision: 'none', policies: [{ applies: true, decides: false }] });
  });
});
