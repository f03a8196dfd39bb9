import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DomainFixture, domainFixture } from '../testing/domain-fixture.ts';
import { invitationBody, invitePath, outcome } from '../testing/invitation-fixture.ts';
import type { Founded, OrganizationUnderTest, Person } from '../testing/organization-under-test.ts';

let fixture: DomainFixture;
let service: OrganizationUnderTest;
let [ada, bob] = [] as unknown as [Person, Person];
let acme: Founded;
let domain: string;
let founded = 0;
beforeAll(async () => {
  fixture = await domainFixture();
  service = fixture.service;
});
afterAll(() => fixture?.stop());
/** Ada belongs to the one domain that is allowed; Bob, a Developer, was there before. */
beforeEach(async () => {
  domain = fixture.newDomain();
  ada = await fixture.personAt(domain, 'Ada');
  bob = await service.person('Bob');
  acme = await service.found(ada, `Acme ${++founded}`);
  await service.join(acme, bob, acme.roles.Developer);
});

const REFUSED = [403, 'EMAIL_DOMAIN_NOT_ALLOWED'];
const path = (more = '') => `/api/v1/organizations/${acme.id}${more}`;
const admin = () => service.member(ada, acme.id);
const restrict = (domains = [domain]) => fixture.set(acme, { members: { allowed_email_domains: domains } });
const finished = async (location: string) => {
  const by = await admin();
  return await eventually(async () => {
    const { items } = (await by.get(`${location}/items`)).body.data;
    return items.every(({ outcome: state }: { outcome: string }) => state !== 'pending') ? items : undefined;
  });
};

describe('where only certain domains of addresses are allowed', () => {
  it('the setting is normalised, and says how many members are outside', async () => {
    const answer = await restrict([domain.toUpperCase(), domain, 'BÜCHER.example']);
    expect(answer.body.data.members_outside_allowed_domains).toBe(1);
    expect(answer.body.data.settings.members.allowed_email_domains).toEqual([
      domain,
      'xn--bcher-kva.example',
    ]);
    for (const wrong of ['*.acme.test', 'test', 'a@acme.test', '', '192.0.2.1'])
      expect((await restrict([wrong])).status, wrong).toBe(422);
    expect((await fixture.set(acme, { invitations: { expiry_days: 3 } })).body.data).not.toHaveProperty(
      'members_outside_allowed_domains',
    );
    expect((await restrict([])).body.data.members_outside_allowed_domains).toBe(0);
  });

  it('nobody else is invited, alone, again, among many or by an import', async () => {
    const by = await admin();
    const inside = `new@${domain}`;
    const before = (await by.post(invitePath(acme), invitationBody(acme, 'before@elsewhere.test'))).body.data;
    await restrict();
    for (const email of ['new@elsewhere.test', `new@sub.${domain}`, `new@x${domain}`, `a@${domain}.test`])
      expect(outcome(await by.post(invitePath(acme), invitationBody(acme, email))), email).toEqual(REFUSED);
    expect((await by.post(invitePath(acme), invitationBody(acme, inside.toUpperCase()))).status).toBe(201);
    expect(outcome(await by.post(path(`/invitations/${before.invitation.id}/resend`)))).toEqual(REFUSED);

    const bulk = await by.post(path('/members/bulk-invite'), {
      workspace_id: acme.workspaceId,
      role_id: acme.roles.Viewer,
      invitations: [{ email: 'many@elsewhere.test' }, { email: `many@${domain}` }],
    });
    const imports = [];
    for (const dry_run of [true, false])
      imports.push(
        (
          await by.post('/api/v1/users/bulk-import', {
            format: 'csv',
            dry_run,
            content: `email\nimport@elsewhere.test\nimport${dry_run}@${domain}\n`,
          })
        ).body.data.import_id,
      );
    const jobs = [bulk.headers.get('location')!, ...imports.map(id => `/api/v1/users/bulk-import/${id}`)];
    for (const job of jobs) {
      const items = await finished(job);
      expect(
        items.map((item: { error?: { code: string } }) => item.error?.code ?? null),
        job,
      ).toEqual([REFUSED[1], null]);
    }
  });

  it('nobody else accepts, joins, is created or founds the organization', async () => {
    const by = await admin();
    const cleo = await service.person('Cleo');
    const { token } = (await by.post(invitePath(acme), invitationBody(acme, cleo.email))).body.data
      .invitation;
    const other = await fixture.verified(acme);
    const [dora, eli] = [await fixture.personAt(other.domain), await fixture.personAt(other.domain)];
    await fixture.set(acme, { domains: { join: 'request' } });
    const asked = (person: Person) => service.stranger(person).post(path('/join'));
    await asked(dora);
    await restrict();
    expect(outcome(await service.stranger(cleo).post(`/api/v1/invitations/${token}/accept`))).toEqual(
      REFUSED,
    );
    expect(outcome(await asked(eli))).toEqual(REFUSED);
    const [{ id }] = (await by.get(path('/join-requests'))).body.data.join_requests;
    expect(outcome(await by.post(path(`/join-requests/${id}/approve`)))).toEqual(REFUSED);
    await fixture.set(acme, { domains: { join: 'automatic' } });
    expect(outcome(await asked(dora))).toEqual(REFUSED);
    const accounts = service.identity.accounts.size;
    expect(outcome(await by.post('/api/v1/users', { email: 'made@elsewhere.test' }))).toEqual(REFUSED);
    expect(service.identity.accounts.size).toBe(accounts);
    expect((await by.post('/api/v1/users', { email: `made@${domain}` })).status).toBe(201);

    const founding = (settings: object, more = {}) =>
      service.stranger(cleo).post('/api/v1/organizations', { name: `Founded ${founded}`, settings, ...more });
    const only = { members: { allowed_email_domains: [domain] } };
    expect(outcome(await founding(only))).toEqual(REFUSED);
    const own = { members: { allowed_email_domains: ['example.com'] } };
    const invitations = [{ email: `first@${domain}` }];
    expect(outcome(await founding(own, { invitations }))).toEqual(REFUSED);
    expect((await founding(own)).status).toBe(201);

    await restrict([]);
    expect((await service.stranger(cleo).post(`/api/v1/invitations/${token}/accept`)).status).toBe(200);
    expect((await by.post(path(`/join-requests/${id}/approve`))).status).toBe(200);
  });

  it('a member from before stays, and is given no more than is held', async () => {
    const by = await admin();
    const { Admin, Developer, Viewer } = acme.roles;
    const more = (await by.post('/api/v1/roles', { name: 'More', permissions: ['policy.write'] })).body.data
      .role;
    const less = (await by.post('/api/v1/roles', { name: 'Less', permissions: ['policy.read'] })).body.data
      .role;
    await restrict();
    const member = path(`/members/${bob.userId}`);
    expect((await (await service.member(bob, acme.id)).get(path('/workspaces'))).status).toBe(200);
    expect(outcome(await by.patch(member, { is_admin: true }))).toEqual(REFUSED);
    expect(outcome(await by.patch(member, { role_id: more.id }))).toEqual(REFUSED);
    const lab = (await by.post(path('/workspaces'), { name: 'Laboratory' })).body.data.workspace;
    for (const workspace_id of [undefined, lab.id])
      expect(
        outcome(await by.post(`/api/v1/roles/${more.id}/assignments`, { user_id: bob.userId, workspace_id })),
      ).toEqual(REFUSED);
    const inWorkspace = { user_id: bob.userId, role_id: Admin };
    expect(outcome(await by.post(path(`/workspaces/${lab.id}/members`), inWorkspace))).toEqual(REFUSED);
    const bulk = await by.post('/api/v1/users/bulk-update', { user_ids: [bob.userId], role_id: more.id });
    expect(await finished(bulk.headers.get('location')!)).toMatchObject([{ error: { code: REFUSED[1] } }]);
    await by.post(`/api/v1/roles/${less.id}/assignments`, { user_id: bob.userId }).expect(201);
    expect(outcome(await by.delete(`/api/v1/roles/${less.id}?replacement_role_id=${more.id}`))).toEqual(
      REFUSED,
    );
    await by.delete(`/api/v1/roles/${less.id}?replacement_role_id=${Developer}`).expect(200);

    expect((await by.patch(member, { role_id: Viewer })).body.data.member.role.id).toBe(Viewer);
    expect(outcome(await by.patch(member, { role_id: Developer }))).toEqual(REFUSED);
    expect((await by.delete(member)).status).toBe(200);
  });

  it('a workspace cannot loosen it', async () => {
    await restrict();
    const settings = { members: { allowed_email_domains: [] } };
    const answer = await (await admin()).put(`/api/v1/workspaces/${acme.workspaceId}/settings`, settings);
    expect(answer.status).toBe(422);
  });
});
