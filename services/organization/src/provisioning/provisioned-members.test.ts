import { userRemoved } from '@rivergate/events';
import { eventually, fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, publishEvent } from '../testing/organization-under-test.ts';
import {
  type ProvisioningFixture,
  provisionedMembersPath,
  provisioningFixture,
  refusal,
} from '../testing/provisioning-fixture.ts';

let fixture: ProvisioningFixture;
beforeAll(async () => {
  fixture = await provisioningFixture();
});
afterAll(async () => await fixture?.stop());

describe('who is brought', () => {
  it('needs a seat of the plan, a role that is there, and an address that the settings allow', async () => {
    expect(refusal(await fixture.bring(fixture.newAddress(), { role_id: 999_999 }))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
    const foreign = await fixture.other();
    expect(refusal(await fixture.bring(fixture.newAddress(), { role_id: foreign.roles.Viewer }))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
    await fixture.domains.verified(foreign, 'allowed.test');
    await fixture.domains.set(foreign, { members: { allowed_email_domains: ['allowed.test'] } });
    expect(refusal(await fixture.bring('x@elsewhere.test', {}, foreign))).toEqual([
      403,
      'EMAIL_DOMAIN_NOT_ALLOWED',
    ]);
    const small = await fixture.other();
    await fixture.service.sql("update organization.organizations set plan = 'individual' where id = ?", [
      small.id,
    ]);
    expect(refusal(await fixture.bring('x@elsewhere.test', {}, small))).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
  });
  it('takes the place of an invitation that was on its way, and may come suspended', async () => {
    const email = fixture.newAddress();
    const admin = await fixture.service.member(fixture.acme.administrator, fixture.acme.id);
    await admin.post(`/api/v1/organizations/${fixture.acme.id}/members/invite`, {
      email,
      workspace_id: fixture.acme.workspaceId,
      role_id: fixture.acme.roles.Viewer,
    });
    const { body } = await fixture.bring(email, { active: false, role_id: fixture.acme.roles.Developer });
    expect(body.data).toMatchObject({ active: false, made: 'account' });
    const [invitation] = await fixture.service.sql<{ status: string }>(
      'select status from organization.invitations where email = ?',
      [email],
    );
    expect(invitation!.status).toBe('revoked');
    expect(await fixture.rolesOf(body.data.user_id)).toContainEqual([
      fixture.acme.roles.Developer,
      null,
      null,
    ]);
  });
  it('comes into no personal organization, into none that is deleted, and none that is not there', async () => {
    const person = await fixture.service.person('Solo');
    const [personal] = await fixture.service.sql<{ id: number }>(
      'select id::int from organization.organizations where personal_user_id = ?',
      [person.userId],
    );
    const gone = await fixture.other();
    const admin = await fixture.service.member(gone.administrator, gone.id);
    const deleted = await admin.delete(`/api/v1/organizations/${gone.id}?confirm_name=${gone.name}`);
    expect(deleted.status).toBe(200);
    for (const id of [personal!.id, gone.id, 999_999])
      expect(refusal(await fixture.bring('y@elsewhere.test', {}, { id }))).toEqual([
        404,
        'ORGANIZATION_NOT_FOUND',
      ]);
  });
  it('is not left behind when what the account was made for fails', async () => {
    const small = await fixture.other();
    const userId = fixture.service.identity.nextUserId();
    const goOn = fixture.service.identity.holdBack();
    const asked = fixture.service.identity.asked;
    const brought = fixture.bring('late@elsewhere.test', {}, small);
    await eventually(() => fixture.service.identity.asked > asked);
    await fixture.service.sql("update organization.organizations set plan = 'individual' where id = ?", [
      small.id,
    ]);
    goOn();
    expect(refusal(await brought)).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
    expect(fixture.service.identity.withdrawn).toContain(userId);
  });
  it('does not come back by signing in after the membership has ended, but by SCIM', async () => {
    const email = fixture.newAddress();
    const userId = await fixture.managed(email, { source: 'sso' });
    const admin = await fixture.service.member(fixture.acme.administrator, fixture.acme.id);
    await admin.delete(`/api/v1/organizations/${fixture.acme.id}/members/${userId}`);
    for (const user_id of [null, userId])
      expect(refusal(await fixture.bring(email, { source: 'sso', user_id }))).toEqual([403, 'FORMER_MEMBER']);
    expect((await fixture.bring(email)).body.data).toMatchObject({ user_id: userId, made: 'membership' });
  });
  it('is nobody who was erased: the address begins anew', async () => {
    const email = fixture.newAddress();
    const userId = await fixture.managed(email);
    await fixture.remove(userId);
    await fixture.service.sql(
      "update organization.people set status = 'erased', email = '' where user_id = ?",
      [userId],
    );
    expect(refusal(await fixture.bring(email))).toEqual([404, 'USER_NOT_FOUND']);
    fixture.service.identity.accounts.delete(userId);
    const { body } = await fixture.bring(email);
    expect(body.data.made).toBe('account');
    expect(body.data.user_id).not.toBe(userId);
    expect(refusal(await fixture.bring(email, { user_id: userId }))).toEqual([404, 'USER_NOT_FOUND']);
  });
  it('is a member no longer when identity gave the address to somebody who signed up', async () => {
    const userId = await fixture.managed(fixture.newAddress('unverified.test'));
    await publishEvent(fixture.service, userRemoved, { user_id: userId, reason: 'replaced_by_signup' });
    await eventually(async () => (await fixture.member(userId)) === undefined);
  });
  it('is brought by fixture.sso alone', async () => {
    for (const name of ['identity', 'storage', 'gateway'])
      expect(
        (
          await fixture.service.as(fellowService(name)).post(provisionedMembersPath(fixture.acme), {
            email: fixture.newAddress(),
            display_name: null,
            source: 'sso',
          })
        ).status,
      ).toBe(403);
    const admin = await fixture.service.member(fixture.acme.administrator, fixture.acme.id);
    expect((await admin.post(provisionedMembersPath(fixture.acme), {})).status).toBe(401);
  });
});

describe('a managed account', () => {
  it('is the organization’s to rename, to give another address of its fixture.domains, and a password', async () => {
    const userId = await fixture.managed();
    const email = fixture.newAddress();
    const { body } = await fixture.change(userId, {
      email,
      display_name: 'New Name',
      password: 'Brand2new!',
    });
    expect(body.data).toEqual({
      user_id: userId,
      email,
      display_name: 'New Name',
      active: true,
      managed: true,
    });
    expect(refusal(await fixture.change(userId, { email: fixture.newAddress('elsewhere.test') }))).toEqual([
      403,
      'EMAIL_DOMAIN_NOT_ALLOWED',
    ]);
    const taken = fixture.service.identity.accounts.get(await fixture.managed())!.email;
    expect(refusal(await fixture.change(userId, { email: taken }))).toEqual([409, 'EMAIL_TAKEN']);
  });
  it('is its user’s alone from when they belong to another organization', async () => {
    const userId = await fixture.managed();
    const { email } = fixture.service.identity.accounts.get(userId)!;
    const elsewhere = await fixture.other();
    const person: Person = { userId, email, name: 'Some One' };
    await fixture.service.sql(
      'update organization.people set verified_emails = array[email] where user_id = ?',
      [userId],
    );
    await fixture.service.join(elsewhere, person);
    for (const given of [
      { password: 'Brand2new!' },
      { email: fixture.newAddress() },
      { display_name: 'Mine' },
    ])
      expect(refusal(await fixture.change(userId, given))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    expect((await fixture.change(userId, { active: false })).body.data).toMatchObject({
      active: false,
      managed: false,
    });
    const before = (await fixture.service.audited(fixture.acme.id)).filter(
      action => action === 'account.deprovisioned',
    );
    expect((await fixture.remove(userId)).status).toBe(204);
    const after = (await fixture.service.audited(fixture.acme.id)).filter(
      action => action === 'account.deprovisioned',
    );
    expect(after.length).toBe(before.length);
  });
  it('is not the organization’s to change once the domain is lost', async () => {
    const lost = await fixture.domains.verified(fixture.acme);
    const userId = await fixture.managed(fixture.newAddress(lost.domain));
    const admin = await fixture.service.member(fixture.acme.administrator, fixture.acme.id);
    await admin.delete(`/api/v1/organizations/${fixture.acme.id}/domains/${lost.id}`);
    expect(refusal(await fixture.change(userId, { password: 'Brand2new!' }))).toEqual([
      409,
      'ACCOUNT_NOT_MANAGED',
    ]);
    expect(refusal(await fixture.change(userId, { email: fixture.newAddress() }))).toEqual([
      409,
      'ACCOUNT_NOT_MANAGED',
    ]);
  });
  it('is disabled with its membership, and vouched for again with a new one', async () => {
    const email = fixture.newAddress();
    const userId = await fixture.managed(email);
    expect((await fixture.remove(userId)).status).toBe(204);
    expect((await fixture.service.audited(fixture.acme.id)).at(-1)).toBe('account.deprovisioned');
    expect(refusal(await fixture.remove(userId))).toEqual([404, 'USER_NOT_FOUND']);
    expect(refusal(await fixture.change(userId, { active: true }))).toEqual([404, 'USER_NOT_FOUND']);
    expect((await fixture.bring(email)).body.data).toMatchObject({ user_id: userId, made: 'membership' });
  });
  it('of another organization is not found', async () => {
    const userId = await fixture.managed();
    const foreign = await fixture.other();
    const answers = [
      await fixture.change(userId, { password: 'Brand2new!' }, foreign),
      await fixture.remove(userId, foreign),
      await fixture.sso.put(provisionedMembersPath(foreign, `/${userId}/roles`), {
        source: 'scim',
        provider_id: null,
        roles: [],
      }),
    ];
    expect(answers.map(refusal)).toEqual(Array(3).fill([404, 'USER_NOT_FOUND']));
  });
});

describe('the last administrator', () => {
  it('is neither suspended, nor removed, nor demoted by whoever provisions', async () => {
    const { userId } = fixture.acme.administrator;
    expect(refusal(await fixture.change(userId, { active: false }))).toEqual([409, 'LAST_ADMINISTRATOR']);
    expect(refusal(await fixture.remove(userId))).toEqual([409, 'LAST_ADMINISTRATOR']);

    const sole = await fixture.other();
    await fixture.domains.verified(sole, 'sole.test');
    const roles = (id: number, given: object[]) =>
      fixture.sso.put(provisionedMembersPath(sole, `/${id}/roles`), {
        source: 'scim',
        provider_id: null,
        roles: given,
      });
    const { body } = await fixture.bring('boss@sole.test', {}, sole);
    const boss = body.data.user_id;
    const admin = [{ role_id: sole.roles.Admin, workspace_id: null }];
    expect((await roles(boss, admin)).body.data).toEqual({ given: 1, withdrawn: 0 });
    expect(await fixture.member(boss, sole)).toMatchObject({ is_admin: true });
    expect((await fixture.remove(sole.administrator.userId, sole)).status).toBe(204);
    expect(refusal(await roles(boss, []))).toEqual([409, 'LAST_ADMINISTRATOR']);
    expect(await fixture.member(boss, sole)).toMatchObject({ is_admin: true });
  });
});
