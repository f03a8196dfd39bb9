import { emailChanged, userStatusChanged } from '@rivergate/events';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Claimed, type DomainFixture, domainFixture, domainsPath } from '../testing/domain-fixture.ts';
import { outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  publishEvent,
} from '../testing/organization-under-test.ts';

let fixture: DomainFixture;
let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
let claim: Claimed;
let founded = 0;
beforeAll(async () => {
  fixture = await domainFixture();
  service = fixture.service;
  ada = await service.person('Ada');
});
afterAll(() => fixture?.stop());
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++founded}`);
  claim = await fixture.verified(acme);
});

const ORGANIZATIONS = '/api/v1/organizations';
const GONE = [404, 'ORGANIZATION_NOT_FOUND'];
const joinable = async (person: Person) =>
  (await service.stranger(person).get(`${ORGANIZATIONS}/joinable`)).body.data.organizations;
const join = (person: Person) => service.stranger(person).post(`${ORGANIZATIONS}/${acme.id}/join`);
const allow = (domains: object) => fixture.set(acme, { domains });
const admin = () => service.member(ada, acme.id);
const memberOf = async ({ userId }: Person) =>
  (await (await admin()).get(`${ORGANIZATIONS}/${acme.id}/members/${userId}`)).body.data?.member;
const requestPath = (organization: Founded, id: number, more = '') =>
  `${ORGANIZATIONS}/${organization.id}/join-requests/${id}${more}`;
const requests = async () =>
  (await (await admin()).get(`${ORGANIZATIONS}/${acme.id}/join-requests`)).body.data.join_requests;
const decide = async (id: number, decision: 'approve' | 'reject') =>
  decision === 'approve'
    ? await (await admin()).post(requestPath(acme, id, '/approve'))
    : await (await admin()).delete(requestPath(acme, id));

describe('joining by a verified domain', () => {
  it('is off until an administrator lets it be', async () => {
    const person = await fixture.personAt(claim.domain);
    expect(await joinable(person)).toEqual([]);
    expect(outcome(await join(person))).toEqual(GONE);
    await allow({ join: 'automatic' });
    expect(await joinable(person)).toEqual([
      { id: acme.id, name: `Acme ${founded}`, domain: claim.domain, join: 'automatic', requested: false },
    ]);
    expect((await join(person)).body.data).toEqual({
      result: 'joined',
      organization: { id: acme.id, name: `Acme ${founded}` },
      role: { id: acme.roles.Viewer, name: 'Viewer' },
    });
    expect(await memberOf(person)).toMatchObject({
      is_admin: false,
      role: { name: 'Viewer' },
      workspaces: [{ id: acme.workspaceId, role: { name: 'Viewer' } }],
    });
    expect(await joinable(person)).toEqual([]);
    expect(outcome(await join(person))).toEqual([409, 'ALREADY_MEMBER']);
    expect((await service.audited(acme.id)).slice(-5)).toContain('domain.joined');
  });

  it('takes the verified address of the account, at the domain to the letter', async () => {
    await allow({ join: 'automatic' });
    const { domain } = claim;
    for (const other of [
      `sub.${domain}`,
      `${domain}.example`,
      `x${domain}`,
      domain.replace('o', '0'),
      'test',
    ]) {
      const stranger = await fixture.personAt(other);
      expect([await joinable(stranger), outcome(await join(stranger))], other).toEqual([[], GONE]);
    }
    const unverified = await fixture.personAt(domain);
    const set = (columns: string, { userId }: Person) =>
      service.sql(`update organization.people set ${columns} where user_id = ?`, [userId]);
    await set("verified_emails = '{}'", unverified);
    const earlier = await fixture.personAt(domain);
    const data = { user_id: earlier.userId, old_email: earlier.email, new_email: 'left@elsewhere.test' };
    await publishEvent(service, emailChanged, data);
    const suspended = await fixture.personAt(domain);
    await publishEvent(service, userStatusChanged, { user_id: suspended.userId, status: 'suspended' });
    for (const person of [unverified, earlier, suspended]) {
      await eventually(async () => (await joinable(person)).length === 0);
      expect(outcome(await join(person))).toEqual(GONE);
    }
    expect((await service.nobody.post(`${ORGANIZATIONS}/${acme.id}/join`)).status).toBe(401);
  });

  it('gives the role that is set, and none by which others are let in or given rights', async () => {
    const roleOf = async (permissions: string[]) => {
      const body = { name: `Role ${permissions.join(' ')}`, permissions };
      return (await (await admin()).post('/api/v1/roles', body)).body.data.role.id as number;
    };
    const inviting = await roleOf(['member.invite']);
    const harmless = await roleOf(['policy.read']);
    for (const join_role_id of [acme.roles.Admin, inviting, 2 ** 53 - 1])
      expect((await allow({ join_role_id })).status).toBe(422);
    await allow({ join: 'automatic', join_role_id: harmless });
    const [bob, cleo] = [await fixture.personAt(claim.domain), await fixture.personAt(claim.domain)];
    expect((await join(bob)).body.data.role.id).toBe(harmless);
    await (await admin()).put(`/api/v1/roles/${harmless}`, { permissions: ['policy.read', 'role.assign'] });
    expect((await join(cleo)).body.data.role.name).toBe('Viewer');
  });

  it('lets nobody back who was removed, suspended, or left; an invitation does', async () => {
    await allow({ join: 'automatic' });
    const [removed, suspended, left] = [
      await fixture.personAt(claim.domain, 'Removed'),
      await fixture.personAt(claim.domain, 'Suspended'),
      await fixture.personAt(claim.domain, 'Left'),
    ];
    for (const person of [removed, suspended, left]) expect((await join(person)).status).toBe(200);
    const by = await admin();
    await by.delete(`${ORGANIZATIONS}/${acme.id}/members/${removed.userId}`);
    await by.put(`/api/v1/users/${suspended.userId}/status`, { status: 'suspended' });
    await (await service.member(left, acme.id)).post(`${ORGANIZATIONS}/${acme.id}/leave`);
    for (const person of [removed, suspended, left])
      expect([await joinable(person), outcome(await join(person))]).toEqual([[], GONE]);
    await service.join(acme, removed);
    expect(await memberOf(removed)).toMatchObject({ status: 'active' });
  });

  it('ends with the domain, the organization and its seats', async () => {
    await allow({ join: 'automatic' });
    const [one, two] = [await fixture.personAt(claim.domain), await fixture.personAt(claim.domain)];
    await service.sql("update organization.organizations set plan = 'individual' where id = ?", [acme.id]);
    expect(outcome(await join(one))).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
    await service.sql("update organization.organizations set plan = 'enterprise' where id = ?", [acme.id]);
    const by = await admin();
    await by.delete(domainsPath(acme, `/${claim.id}`));
    expect(outcome(await join(one))).toEqual(GONE);
    await fixture.verified(acme, claim.domain);
    expect((await join(one)).status).toBe(200);
    await by.delete(`${ORGANIZATIONS}/${acme.id}?confirm_name=Acme ${founded}`);
    expect([await joinable(two), outcome(await join(two))]).toEqual([[], GONE]);
  });

  it('ten times at once makes one membership', async () => {
    await allow({ join: 'automatic' });
    const person = await fixture.personAt(claim.domain);
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => join(person)))).map(
      ({ status }) => status,
    );
    expect(statuses.toSorted()).toEqual([200, ...Array(9).fill(409)]);
    const count = async () =>
      (await service.audited(acme.id)).filter(action => action === 'domain.joined').length;
    expect(await count()).toBe(1);
  });
});

describe('asking to join', () => {
  it('leaves it to an administrator, who sees who asks', async () => {
    await allow({ join: 'request' });
    const [bob, cleo] = [
      await fixture.personAt(claim.domain, 'Bob'),
      await fixture.personAt(claim.domain, 'Cleo'),
    ];
    const asked = await Promise.all(Array.from({ length: 10 }, () => join(bob)));
    for (const { body } of asked) expect(body.data).toMatchObject({ result: 'requested', role: null });
    await join(cleo);
    expect(await joinable(bob)).toMatchObject([{ join: 'request', requested: true }]);
    expect(await memberOf(bob)).toBeUndefined();
    const pending = await requests();
    expect(pending.map(({ user }: { user: object }) => user)).toEqual([
      { id: bob.userId, email: bob.email, display_name: 'Bob' },
      { id: cleo.userId, email: cleo.email, display_name: 'Cleo' },
    ]);
    const [ofBob, ofCleo] = pending.map(({ id }: { id: number }) => id);
    const approvals = await Promise.all(Array.from({ length: 10 }, () => decide(ofBob, 'approve')));
    expect(approvals.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(approvals.map(outcome)).toContainEqual([404, 'JOIN_REQUEST_NOT_FOUND']);
    expect(await memberOf(bob)).toMatchObject({ role: { name: 'Viewer' } });

    expect((await decide(ofCleo, 'reject')).body.data).toEqual({ join_request: { id: ofCleo } });
    expect((await decide(ofCleo, 'approve')).status).toBe(404);
    expect([await joinable(cleo), outcome(await join(cleo)), await requests()]).toEqual([[], GONE, []]);
    await service.join(acme, cleo);
    const actions = await service.audited(acme.id);
    for (const action of ['join_request.created', 'join_request.rejected'])
      expect(actions.filter(found => found === action).length).toBe(action.endsWith('created') ? 2 : 1);
  });

  it('is mailed to the administrators once an hour, and to who is let in', async () => {
    await allow({ join: 'request' });
    const [bob, cleo] = [
      await fixture.personAt(claim.domain, 'Bob'),
      await fixture.personAt(claim.domain, 'Cleo'),
    ];
    const told = () =>
      service.mail.to(ada.email).filter(({ subject }) => subject.includes(`Acme ${founded}`));
    await join(bob);
    await eventually(() => told().length === 1);
    expect(told()[0]).toMatchObject({
      subject: `Bob asks to join Acme ${founded}`,
      text: expect.stringContaining(bob.email),
    });
    await join(cleo);
    const [ofBob, ofCleo] = (await requests()).map(({ id }: { id: number }) => id);
    await decide(ofCleo, 'reject');
    await decide(ofBob, 'approve');
    await eventually(() => service.mail.to(bob.email).length === 1);
    expect(service.mail.to(bob.email)[0]!.subject).toBe(`You are a member of Acme ${founded} now`);
    expect([told().length, service.mail.to(cleo.email)]).toEqual([1, []]);
    await service.sql(
      "update organization.join_requests set created_at = now() - interval '2 hours' where organization_id = ?",
      [acme.id],
    );
    await join(await fixture.personAt(claim.domain, 'Dora'));
    await eventually(() => told().length === 2);
  });

  it('is over when the domain is lost or the person came in otherwise', async () => {
    await allow({ join: 'request' });
    const [bob, cleo] = [await fixture.personAt(claim.domain), await fixture.personAt(claim.domain)];
    for (const person of [bob, cleo]) await join(person);
    await service.join(acme, cleo);
    const [{ id }, ...others] = await requests();
    expect(others).toEqual([]);
    await (await admin()).delete(domainsPath(acme, `/${claim.id}`));
    expect(outcome(await decide(id, 'approve'))).toEqual([409, 'JOIN_REQUEST_LAPSED']);
  });

  it('is decided by administrators of that organization alone', async () => {
    await allow({ join: 'request' });
    const bob = await fixture.personAt(claim.domain);
    await join(bob);
    const [{ id }] = await requests();
    const other = await service.found(await service.person('Eve'), `Other ${founded}`);
    const member = await service.person('Member');
    await service.join(acme, member, acme.roles.Developer);
    const statuses = async (person: Person, organization: Founded, at = organization) => {
      const by = await service.member(person, organization.id);
      const answers = [await by.post(requestPath(at, id, '/approve')), await by.delete(requestPath(at, id))];
      return answers.map(({ status }) => status);
    };
    expect(await statuses(member, acme)).toEqual([403, 403]);
    expect(await statuses(bob, acme)).toEqual([404, 404]);
    expect(await statuses(other.administrator, other)).toEqual([404, 404]);
    expect(await statuses(other.administrator, other, acme)).toEqual([404, 404]);
    expect(
      (await (await service.member(member, acme.id)).get(`${ORGANIZATIONS}/${acme.id}/join-requests`)).status,
    ).toBe(403);
    expect(await requests()).toHaveLength(1);
  });
});
