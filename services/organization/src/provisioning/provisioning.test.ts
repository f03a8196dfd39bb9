import { accountVouched, userRemoved } from '@rivergate/events';
import { eventually, expectError, fellowService, type TestAnswer, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DomainFixture, domainFixture } from '../testing/domain-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  publishEvent,
} from '../testing/organization-under-test.ts';

let domains: DomainFixture;
let service: OrganizationUnderTest;
let sso: TestCaller;
let acme: Founded;
let domain: string;
let others = 0;
beforeAll(async () => {
  domains = await domainFixture({ RATE_LIMIT_TAKEN_ADDRESS: 'off' });
  ({ service } = domains);
  sso = service.as(fellowService('sso'));
  acme = await service.found(await service.person('Ada'), 'Acme');
  domain = (await domains.verified(acme)).domain;
});
afterAll(async () => await domains?.stop());

const path = ({ id }: Pick<Founded, 'id'>, more = '') =>
  `/internal/organizations/${id}/provisioned-members${more}`;
let addresses = 0;
const newAddress = (at = domain) => `someone${++addresses}@${at}`;
const bring = (email: string, more: object = {}, organization: Pick<Founded, 'id'> = acme) =>
  sso.post(path(organization), { email, display_name: 'Some One', source: 'scim', ...more });
const change = (userId: number, body: object, organization: Founded = acme) =>
  sso.patch(path(organization, `/${userId}`), body);
const remove = (userId: number, organization: Founded = acme) => sso.delete(path(organization, `/${userId}`));
const setRoles = (userId: number, roles: object[], more: object = {}) =>
  sso.put(path(acme, `/${userId}/roles`), { source: 'scim', provider_id: null, roles, ...more });
const other = async (more = {}) =>
  await service.found(await service.person('Olga'), `Other ${++others}`, more);
/** A managed account of Acme, with its membership. */
async function managed(email = newAddress(), more: object = {}): Promise<number> {
  const { body, status, text } = await bring(email, more);
  if (status !== 200) throw new Error(text);
  return body.data.user_id;
}
const member = (userId: number, { id } = acme) =>
  service
    .sql(`select * from organization.memberships where organization_id = ? and user_id = ?`, [id, userId])
    .then(([row]) => row as Record<string, unknown> | undefined);
const rolesOf = (userId: number) =>
  service
    .sql<{ role_id: number; workspace_id: number | null; sources: string[] | null }>(
      `select role_id::int, workspace_id::int, sources from organization.role_assignments
       where organization_id = ? and user_id = ? order by id`,
      [acme.id, userId],
    )
    .then(rows => rows.map(row => [row.role_id, row.workspace_id, row.sources]));
const code = ({ body, status }: TestAnswer) => [status, body.error?.code];

describe('an address in a domain that the organization has verified', () => {
  it('gets an account that the organization manages, and vouches for, with the answer', async () => {
    const email = newAddress();
    const { status, body } = await bring(email, { source: 'sso' });
    const { user_id } = body.data;
    expect([status, body.data]).toEqual([
      200,
      { user_id, email, display_name: 'Some One', active: true, managed: true, made: 'account' },
    ]);
    expect(service.identity.verified.has(user_id)).toBe(true);
    expect(service.identity.managedBy.get(user_id)).toBe(acme.id);
    expect(await member(user_id)).toMatchObject({ source: 'sso', status: 'active', is_admin: false });
    expect(await service.audited(acme.id)).toContain('account.vouched');
  });
  it('brought again is nobody new', async () => {
    const email = newAddress();
    const userId = await managed(email);
    const again = await bring(email.toUpperCase(), { role_id: acme.roles.Admin, active: false });
    expect(again.body.data).toMatchObject({ user_id: userId, made: 'nothing', active: true });
    expect(await member(userId)).toMatchObject({ is_admin: false });
  });
  it('brought by ten requests at once is one account and one member', async () => {
    const email = newAddress();
    const answers = await Promise.all(Array.from({ length: 10 }, () => bring(email)));
    expect(new Set(answers.map(({ body }) => body.data?.user_id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.data.made === 'account').length).toBe(1);
    expect([...service.identity.accounts.values()].filter(one => one.email === email).length).toBe(1);
    const events = answers.map(({ body }) => body.data.made).filter(made => made !== 'nothing');
    expect(events).toEqual(['account']);
  });
  it('does not let the IdP have an account that somebody made before: its user has to prove it', async () => {
    const person = await domains.personAt(domain, 'Before');
    service.identity.elsewhere.set(person.userId, { email: person.email, display_name: 'Before' });
    expect(code(await bring(person.email, { source: 'sso' }))).toEqual([409, 'ACCOUNT_ELSEWHERE']);
    expect(await member(person.userId)).toBeUndefined();

    const proved = await bring(person.email, { source: 'sso', user_id: person.userId });
    expect(proved.body.data).toMatchObject({ user_id: person.userId, made: 'membership', managed: false });
  });
  it('lets SCIM make a member of an account that somebody made before, which stays that person’s own', async () => {
    const person = await domains.personAt(domain, 'Earlier');
    service.identity.elsewhere.set(person.userId, { email: person.email, display_name: 'Earlier' });
    const { body } = await bring(person.email);
    expect(body.data).toMatchObject({ user_id: person.userId, made: 'membership', managed: false });
    // What the directory calls them stands on the membership.
    expect(body.data.display_name).toBe('Some One');
    for (const given of [{ password: 'Brand2new!' }, { email: newAddress() }, { display_name: 'Mine' }])
      expect(code(await change(person.userId, given))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
  });
  it('takes on an account that an administrator made there and nobody has verified', async () => {
    const email = newAddress();
    const admin = await service.member(acme.administrator, acme.id);
    const made = await admin.post('/api/v1/users', { email, password: 'Correct1horse' });
    const userId = made.body.data.user.id;
    const { body } = await bring(email, { source: 'sso' });
    expect(body.data).toMatchObject({ user_id: userId, made: 'nothing', managed: true });
    expect(service.identity.verified.has(userId)).toBe(true);
  });
  it('is nobody whom a provider of another organization can bring', async () => {
    const foreign = await other();
    await domains.verified(foreign);
    for (const source of ['sso'])
      expect(code(await bring(newAddress(), { source }, foreign))).toEqual([403, 'EMAIL_DOMAIN_NOT_ALLOWED']);
    const userId = await managed();
    const email = service.identity.accounts.get(userId)!.email;
    expect(code(await bring(email, {}, foreign))).toEqual([409, 'ACCOUNT_ELSEWHERE']);
    expect(await member(userId, foreign)).toBeUndefined();
  });
});

describe('an address elsewhere', () => {
  it('is never signed in by the IdP, not even with the id of an account', async () => {
    const person = await service.person('Stranger');
    for (const user_id of [null, person.userId])
      expect(code(await bring(person.email, { source: 'sso', user_id }))).toEqual([
        403,
        'EMAIL_DOMAIN_NOT_ALLOWED',
      ]);
  });
  it('gets an account of its own mailbox by SCIM, which the organization does not manage', async () => {
    const { body } = await bring(newAddress('elsewhere.test'));
    expect(body.data).toMatchObject({ made: 'account', managed: false });
    expect(service.identity.verified.has(body.data.user_id)).toBe(false);
    expect(code(await change(body.data.user_id, { password: 'Brand2new!' }))).toEqual([
      409,
      'ACCOUNT_NOT_MANAGED',
    ]);
  });
  it('of somebody who has an account is refused, and comes back by SCIM only after SCIM had brought it', async () => {
    const person = await service.person('Contractor');
    expect(code(await bring(person.email))).toEqual([409, 'ACCOUNT_ELSEWHERE']);
    await service.join(acme, person);
    expect((await bring(person.email)).body.data.made).toBe('nothing');
    await remove(person.userId);
    expect(code(await bring(person.email))).toEqual([409, 'ACCOUNT_ELSEWHERE']);

    const proved = await bring(person.email, { user_id: person.userId });
    expect(proved.body.data.made).toBe('membership');
    await remove(person.userId);
    expect((await bring(person.email)).body.data).toMatchObject({
      user_id: person.userId,
      made: 'membership',
    });
  });
  it('is told to have an account as rarely as people are told so', async () => {
    const limited = await domainFixture();
    const organization = await limited.service.found(await limited.service.person('Lim'), 'Limited');
    const caller = limited.service.as(fellowService('sso'));
    const tried = async (email: string) =>
      (await caller.post(path(organization), { email, display_name: null, source: 'scim' })).status;
    const taken = await Promise.all([1, 2, 3, 4].map(n => limited.service.person(`Taken ${n}`)));
    const statuses = [];
    for (const { email } of taken) statuses.push(await tried(email));
    expect(statuses).toEqual([409, 409, 409, 429]);
    expect(await tried('free@elsewhere.test')).toBe(429);
    await limited.stop();
  });
});

describe('who is brought', () => {
  it('needs a seat of the plan, a role that is there, and an address that the settings allow', async () => {
    expect(code(await bring(newAddress(), { role_id: 999_999 }))).toEqual([404, 'ROLE_NOT_FOUND']);
    const foreign = await other();
    expect(code(await bring(newAddress(), { role_id: foreign.roles.Viewer }))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
    const withdrawn = service.identity.withdrawn.length;
    expect(withdrawn).toBeGreaterThan(0);
    await domains.verified(foreign, 'allowed.test');
    await domains.set(foreign, { members: { allowed_email_domains: ['allowed.test'] } });
    expect(code(await bring('x@elsewhere.test', {}, foreign))).toEqual([403, 'EMAIL_DOMAIN_NOT_ALLOWED']);
    const small = await other();
    await service.sql("update organization.organizations set plan = 'individual' where id = ?", [small.id]);
    expect(code(await bring('x@elsewhere.test', {}, small))).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
  });
  it('takes the place of an invitation that was on its way, and may come suspended', async () => {
    const email = newAddress();
    const admin = await service.member(acme.administrator, acme.id);
    await admin.post(`/api/v1/organizations/${acme.id}/members/invite`, {
      email,
      workspace_id: acme.workspaceId,
      role_id: acme.roles.Viewer,
    });
    const { body } = await bring(email, { active: false, role_id: acme.roles.Developer });
    expect(body.data).toMatchObject({ active: false, made: 'account' });
    const [invitation] = await service.sql<{ status: string }>(
      'select status from organization.invitations where email = ?',
      [email],
    );
    expect(invitation!.status).toBe('revoked');
    expect(await rolesOf(body.data.user_id)).toContainEqual([acme.roles.Developer, null, null]);
  });
  it('comes into no personal organization, into none that is deleted, and none that is not there', async () => {
    const person = await service.person('Solo');
    const [personal] = await service.sql<{ id: number }>(
      'select id::int from organization.organizations where personal_user_id = ?',
      [person.userId],
    );
    const gone = await other();
    const admin = await service.member(gone.administrator, gone.id);
    const deleted = await admin.delete(`/api/v1/organizations/${gone.id}?confirm_name=Other ${others}`);
    expect(deleted.status).toBe(200);
    for (const id of [personal!.id, gone.id, 999_999])
      expect(code(await bring('y@elsewhere.test', {}, { id }))).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  });
  it('is not left behind when what the account was made for fails', async () => {
    const email = newAddress();
    const userId = service.identity.nextUserId();
    expect((await bring(email, { role_id: 999_999 })).status).toBe(404);
    expect(service.identity.withdrawn).toContain(userId);
    expect((await bring(email)).body.data.made).toBe('account');
  });
  it('does not come back by signing in after the membership has ended, but by SCIM', async () => {
    const email = newAddress();
    const userId = await managed(email, { source: 'sso' });
    const admin = await service.member(acme.administrator, acme.id);
    await admin.delete(`/api/v1/organizations/${acme.id}/members/${userId}`);
    for (const user_id of [null, userId])
      expect(code(await bring(email, { source: 'sso', user_id }))).toEqual([403, 'FORMER_MEMBER']);
    expect((await bring(email)).body.data).toMatchObject({ user_id: userId, made: 'membership' });
  });
  it('is nobody who was erased: the address begins anew', async () => {
    const email = newAddress();
    const userId = await managed(email);
    await remove(userId);
    await service.sql("update organization.people set status = 'erased', email = '' where user_id = ?", [
      userId,
    ]);
    expect(code(await bring(email))).toEqual([404, 'USER_NOT_FOUND']);
    service.identity.accounts.delete(userId);
    const { body } = await bring(email);
    expect(body.data.made).toBe('account');
    expect(body.data.user_id).not.toBe(userId);
    expect(code(await bring(email, { user_id: userId }))).toEqual([404, 'USER_NOT_FOUND']);
  });
  it('is a member no longer when identity gave the address to somebody who signed up', async () => {
    const userId = await managed(newAddress('unverified.test'));
    await publishEvent(service, userRemoved, { user_id: userId, reason: 'replaced_by_signup' });
    await eventually(async () => (await member(userId)) === undefined);
  });
  it('is brought by sso alone', async () => {
    for (const name of ['identity', 'storage', 'gateway'])
      expect(
        (
          await service
            .as(fellowService(name))
            .post(path(acme), { email: newAddress(), display_name: null, source: 'sso' })
        ).status,
      ).toBe(403);
    const admin = await service.member(acme.administrator, acme.id);
    expect((await admin.post(path(acme), {})).status).toBe(401);
  });
});

describe('a managed account', () => {
  it('is the organization’s to rename, to give another address of its domains, and a password', async () => {
    const userId = await managed();
    const email = newAddress();
    const { body } = await change(userId, { email, display_name: 'New Name', password: 'Brand2new!' });
    expect(body.data).toEqual({
      user_id: userId,
      email,
      display_name: 'New Name',
      active: true,
      managed: true,
    });
    expect(code(await change(userId, { email: newAddress('elsewhere.test') }))).toEqual([
      403,
      'EMAIL_DOMAIN_NOT_ALLOWED',
    ]);
    const taken = service.identity.accounts.get(await managed())!.email;
    expect(code(await change(userId, { email: taken }))).toEqual([409, 'EMAIL_TAKEN']);
  });
  it('is its user’s alone from when they belong to another organization', async () => {
    const userId = await managed();
    const { email } = service.identity.accounts.get(userId)!;
    const elsewhere = await other();
    const person: Person = { userId, email, name: 'Some One' };
    await service.sql('update organization.people set verified_emails = array[email] where user_id = ?', [
      userId,
    ]);
    await service.join(elsewhere, person);
    for (const given of [{ password: 'Brand2new!' }, { email: newAddress() }, { display_name: 'Mine' }])
      expect(code(await change(userId, given))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    expect((await change(userId, { active: false })).body.data).toMatchObject({
      active: false,
      managed: false,
    });
    const before = (await service.audited(acme.id)).filter(action => action === 'account.deprovisioned');
    expect((await remove(userId)).status).toBe(204);
    const after = (await service.audited(acme.id)).filter(action => action === 'account.deprovisioned');
    expect(after.length).toBe(before.length);
  });
  it('is not the organization’s to change once the domain is lost', async () => {
    const lost = await domains.verified(acme);
    const userId = await managed(newAddress(lost.domain));
    const admin = await service.member(acme.administrator, acme.id);
    await admin.delete(`/api/v1/organizations/${acme.id}/domains/${lost.id}`);
    expect(code(await change(userId, { password: 'Brand2new!' }))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    expect(code(await change(userId, { email: newAddress() }))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
  });
  it('is disabled with its membership, and vouched for again with a new one', async () => {
    const email = newAddress();
    const userId = await managed(email);
    expect((await remove(userId)).status).toBe(204);
    expect((await service.audited(acme.id)).at(-1)).toBe('account.deprovisioned');
    expect(code(await remove(userId))).toEqual([404, 'USER_NOT_FOUND']);
    expect(code(await change(userId, { active: true }))).toEqual([404, 'USER_NOT_FOUND']);
    expect((await bring(email)).body.data).toMatchObject({ user_id: userId, made: 'membership' });
    const vouched = await service
      .sql<{ data: { user_id: number } }>(
        "select event -> 'data' as data from organization.outbox where event ->> 'type' = ?",
        [accountVouched.type],
      )
      .catch(() => []);
    expect(vouched.every(({ data }) => typeof data.user_id === 'number')).toBe(true);
  });
  it('of another organization is not found', async () => {
    const userId = await managed();
    const foreign = await other();
    const answers = [
      await change(userId, { password: 'Brand2new!' }, foreign),
      await remove(userId, foreign),
      await sso.put(path(foreign, `/${userId}/roles`), { source: 'scim', provider_id: null, roles: [] }),
    ];
    expect(answers.map(code)).toEqual(Array(3).fill([404, 'USER_NOT_FOUND']));
  });
});

describe('the last administrator', () => {
  it('is neither suspended, nor removed, nor demoted by whoever provisions', async () => {
    const { userId } = acme.administrator;
    expect(code(await change(userId, { active: false }))).toEqual([409, 'LAST_ADMINISTRATOR']);
    expect(code(await remove(userId))).toEqual([409, 'LAST_ADMINISTRATOR']);

    const sole = await other();
    await domains.verified(sole, 'sole.test');
    const roles = (id: number, given: object[]) =>
      sso.put(path(sole, `/${id}/roles`), { source: 'scim', provider_id: null, roles: given });
    const { body } = await bring('boss@sole.test', {}, sole);
    const boss = body.data.user_id;
    const admin = [{ role_id: sole.roles.Admin, workspace_id: null }];
    expect((await roles(boss, admin)).body.data).toEqual({ given: 1, withdrawn: 0 });
    expect(await member(boss, sole)).toMatchObject({ is_admin: true });
    expect((await remove(sole.administrator.userId, sole)).status).toBe(204);
    expect(code(await roles(boss, []))).toEqual([409, 'LAST_ADMINISTRATOR']);
    expect(await member(boss, sole)).toMatchObject({ is_admin: true });
  });
});

describe('roles of groups', () => {
  it('are replaced by what the source says next, for each source by itself', async () => {
    const userId = await managed();
    const { Developer, Viewer } = acme.roles;
    const everywhere = [Viewer, null, null];
    const inWorkspace = [Viewer, acme.workspaceId, null];
    expect((await setRoles(userId, [{ role_id: Developer, workspace_id: null }])).body.data).toEqual({
      given: 1,
      withdrawn: 0,
    });
    expect(await rolesOf(userId)).toEqual([everywhere, inWorkspace, [Developer, null, ['scim']]]);
    const again = await setRoles(userId, [{ role_id: Developer, workspace_id: null }], {
      source: 'sso',
      provider_id: 7,
    });
    expect(again.body.data).toEqual({ given: 0, withdrawn: 0 });
    expect((await setRoles(userId, [])).body.data).toEqual({ given: 0, withdrawn: 0 });
    expect(await rolesOf(userId)).toContainEqual([Developer, null, ['sso 7']]);
    const last = await setRoles(userId, [], { source: 'sso', provider_id: 7 });
    expect(last.body.data).toEqual({ given: 0, withdrawn: 1 });
    expect(await rolesOf(userId)).toEqual([everywhere, inWorkspace]);
  });
  it('leave alone what an administrator gave, before or after', async () => {
    const userId = await managed();
    const { Developer } = acme.roles;
    const admin = await service.member(acme.administrator, acme.id);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await admin.post(`/api/v1/roles/${Developer}/assignments`, { user_id: userId, expires_at: until });
    const role = { role_id: Developer, workspace_id: null };
    expect((await setRoles(userId, [role])).body.data).toEqual({ given: 0, withdrawn: 0 });
    expect((await setRoles(userId, [])).body.data).toEqual({ given: 0, withdrawn: 0 });
    const [held] = await service.sql<{ expires_at: Date }>(
      'select expires_at from organization.role_assignments where user_id = ? and role_id = ?',
      [userId, Developer],
    );
    expect(held!.expires_at.toISOString()).toBe(until);

    const second = await managed();
    await setRoles(second, [role]);
    const given = await admin.post(`/api/v1/roles/${Developer}/assignments`, { user_id: second });
    expect(given.status).toBe(200);
    await setRoles(second, []);
    expect(await rolesOf(second)).toContainEqual([Developer, null, null]);
  });
  it('bring into a workspace, and out of it again', async () => {
    const admin = await service.member(acme.administrator, acme.id);
    const made = await admin.post(`/api/v1/organizations/${acme.id}/workspaces`, { name: 'Lab' });
    const workspace = made.body.data.workspace.id;
    const userId = await managed();
    const inLab = () =>
      service.sql(
        'select 1 as x from organization.workspace_members where workspace_id = ? and user_id = ?',
        [workspace, userId],
      );
    await setRoles(userId, [{ role_id: acme.roles.Developer, workspace_id: workspace }]);
    expect((await inLab()).length).toBe(1);
    await setRoles(userId, []);
    expect((await inLab()).length).toBe(0);
  });
  it('leave out what the organization has not', async () => {
    const foreign = await other();
    const userId = await managed();
    const { body } = await setRoles(userId, [
      { role_id: 999_999, workspace_id: null },
      { role_id: foreign.roles.Admin, workspace_id: null },
      { role_id: acme.roles.Developer, workspace_id: foreign.workspaceId },
    ]);
    expect(body.data).toEqual({ given: 0, withdrawn: 0 });
  });
  it('can be configured by who could hand them out', async () => {
    const person = await service.person('Configurer');
    await service.join(acme, person, acme.roles.Developer);
    const ask = async (facts: object, role_id: number) =>
      await service
        .as(fellowService('sso', { userId: 1, organizationId: acme.id, isMember: true, ...facts }))
        .post(`/internal/organizations/${acme.id}/provisioned-roles/check`, {
          roles: [{ role_id, workspace_id: null }],
        });
    expect((await ask({ isAdmin: true, permissions: ['*'] }, acme.roles.Admin)).status).toBe(204);
    expect(code(await ask({ permissions: ['role.assign'] }, acme.roles.Admin))).toEqual([403, 'FORBIDDEN']);
    expect(code(await ask({ isAdmin: true, permissions: ['*'] }, 999_999))).toEqual([404, 'ROLE_NOT_FOUND']);
    expectError(await ask({ organizationId: null, isMember: false }, acme.roles.Viewer), 404);
  });
});
