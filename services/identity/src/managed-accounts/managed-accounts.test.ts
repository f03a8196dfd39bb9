import { accountDeprovisioned, accountVouched, memberAdded, organizationDeleted } from '@rivergate/events';
import { eventually, fellowService, publishEvent, type TestAnswer } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

const ACME = 42;
const OTHER = 43;

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const organization = () => identity.as(fellowService('organization'));
const path = (userId: number, by = ACME) => `/internal/organizations/${by}/managed-accounts/${userId}`;
const create = (email: string, more: object = {}) =>
  organization().post('/internal/users', {
    email,
    password: null,
    display_name: 'Some One',
    ip: null,
    member_of: ACME,
    managed: true,
    ...more,
  });
const vouch = (userId: number, by = ACME) => organization().put(path(userId, by));
const change = (userId: number, body: object, by = ACME) => organization().patch(path(userId, by), body);
const find = (body: object) => organization().post('/internal/accounts/search', body);
const refused = ({ status, body }: TestAnswer) => [status, body.error?.code];
const account = (userId: number) => identity.resources.knex('users').where({ id: userId }).first();

/** An account that Acme manages, with a password that it set. */
async function managed(): Promise<{ userId: number; email: string }> {
  const email = identity.newAddress();
  const userId = (await create(email)).body.data.user_id;
  expect((await vouch(userId)).status).toBe(204);
  expect((await change(userId, { password: PASSWORD })).status).toBe(200);
  return { userId, email };
}

const happened = (declaration: Parameters<typeof publishEvent>[2], userId: number, data: object) =>
  publishEvent(identity, 'organization', declaration, {
    subject: userId,
    data: { user_id: userId, organization_id: ACME, ...data },
  });
const joined = (userId: number, more: object) =>
  happened(memberAdded, userId, { role_id: null, is_admin: false, source: 'invitation', ...more });

describe('an account that an organization vouches for', () => {
  it('is made without a mail, waits, and is verified by the organization’s word', async () => {
    const email = identity.newAddress();
    const { body } = await create(email);
    const { user_id } = body.data;
    expect(body.data).toMatchObject({ email, display_name: 'Some One', temporary_token: null });
    expect((await find({ email })).body.data).toEqual({
      user_id,
      email,
      display_name: 'Some One',
      verified: false,
      managed_by: ACME,
    });
    expect((await vouch(user_id)).status).toBe(204);
    expect((await vouch(user_id)).status).toBe(204);
    expect((await find({ user_id })).body.data).toMatchObject({ verified: true, managed_by: ACME });
    const actions = (await identity.audited(user_id)).map(({ action }) => action);
    expect(actions.filter(action => action === 'user.verified').length).toBe(1);
    expect(actions).not.toContain('auth.signup_code.sent');
  });
  it('takes its address from a stranger who registered it, with what that one had prepared', async () => {
    const email = identity.newAddress();
    const hijacker = (await identity.signUp(email)).body.data;
    const { body, status } = await create(email);
    expect(status).toBe(201);
    await vouch(body.data.user_id);
    expect((await identity.login(email)).status).toBe(401);
    const verification = {
      temporary_token: hijacker.temporary_token,
      otp_code: await identity.codeOf(email),
    };
    expect((await identity.anonymous().post('/api/v1/auth/verify-otp', verification)).status).not.toBe(200);
    // Also one that holds its address, as a founder's does.
    const held = identity.newAddress();
    await create(held, { managed: false, member_of: null, password: PASSWORD });
    expect((await create(held)).status).toBe(201);
    // But none that the same organization waits to vouch for, and none that was verified.
    expect(refused(await create(held))).toEqual([409, 'EMAIL_TAKEN']);
    expect(refused(await create((await identity.person()).email))).toEqual([409, 'EMAIL_TAKEN']);
  });
  it('loses a password that an administrator had set before its user proved anything', async () => {
    const email = identity.newAddress();
    const { user_id } = (await create(email, { managed: false, password: PASSWORD })).body.data;
    await vouch(user_id);
    expect((await account(user_id)).password_hash).toBeNull();
    const { status } = await identity.login(email);
    expect(status).toBe(401);
    const link = await identity.linkTokenOf(email);
    const late = await identity.anonymous().post('/api/v1/auth/verify-email', {
      token: link,
      new_password: 'Planted1word',
    });
    expect(late.status).toBe(400);
  });
  it('is nobody’s who registered by themselves, and none that its user has verified', async () => {
    const email = identity.newAddress();
    await identity.signUp(email);
    const { user_id } = (await find({ email })).body.data;
    expect(refused(await vouch(user_id))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    const { userId } = await identity.person();
    expect(refused(await vouch(userId))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    expect(refused(await change(userId, { password: 'Brand2new!' }))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    expect(refused(await vouch(999_999))).toEqual([404, 'USER_NOT_FOUND']);
    const pending = (await create(identity.newAddress())).body.data.user_id;
    expect(refused(await vouch(pending, OTHER))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
  });
  it('is verified by the event, where the answer was lost', async () => {
    const userId = (await create(identity.newAddress())).body.data.user_id;
    await happened(accountVouched, userId, {});
    await eventually(async () => (await account(userId)).verified_at !== null);
  });
  it('is asked for by organization alone, and looked up by sso too', async () => {
    const { userId } = await managed();
    for (const [name, found] of [
      ['sso', 200],
      ['gateway', 403],
      ['storage', 403],
    ] as const) {
      const other = identity.as(fellowService(name));
      const tries = [
        await other.put(path(userId)),
        await other.patch(path(userId), {}),
        await other.post('/internal/accounts/search', { user_id: userId }),
      ];
      expect(tries.map(({ status }) => status)).toEqual([403, 403, found]);
    }
  });
});

describe('a managed account', () => {
  it('gets another password by its organization as by its user: sessions end, and a mail says so', async () => {
    const { userId, email } = await managed();
    const person = identity.personOf(await identity.login(email), email);
    expect((await change(userId, { password: 'Brand2new!' })).status).toBe(200);
    expect((await person.caller.get('/api/v1/auth/me')).status).toBe(200);
    const [session] = await identity.resources.knex('sessions').where({ id: person.sessionId });
    expect(session.revoke_reason).toBe('password_changed');
    expect((await identity.login(email)).status).toBe(401);
    expect((await identity.login(email, { password: 'Brand2new!' })).status).toBe(200);
    expect((await identity.mail.nth(email, 2)).subject).toBe('Your password was changed');
    expect(refused(await change(userId, { password: 'short' }))).toEqual([422, 'INVALID_PASSWORD']);
    const entries = await identity.audited(userId);
    expect(entries.map(({ action }) => action)).toContain('auth.password.set_by_organization');
    expect(JSON.stringify(entries)).not.toContain('Brand2new!');
  });
  it('gets another address and name: the old mailbox is told, and its links are of no use', async () => {
    const { userId, email } = await managed();
    await identity.anonymous().post('/api/v1/auth/forgot-password', { email });
    const link = /token=([\w-]+)/.exec((await identity.mail.nth(email, 2)).text)![1];
    const newEmail = identity.newAddress();
    const { body } = await change(userId, { email: newEmail, display_name: 'New Name' });
    expect(body.data).toEqual({ email: newEmail, display_name: 'New Name' });
    expect((await identity.mail.nth(email, 3)).subject).toBe('Your email address was changed');
    const reset = { token: link, new_password: 'Brand2new!' };
    expect((await identity.anonymous().post('/api/v1/auth/reset-password', reset)).status).toBe(400);
    expect((await identity.login(newEmail)).status).toBe(200);
    const taken = (await identity.person()).email;
    expect(refused(await change(userId, { email: taken }))).toEqual([409, 'EMAIL_TAKEN']);
    const registered = identity.newAddress();
    await identity.signUp(registered);
    expect((await change(userId, { email: registered })).status).toBe(200);
  });
  it('is changed by no other organization, and not where it administers the platform', async () => {
    const { userId } = await managed();
    const given = { password: 'Brand2new!' };
    expect(refused(await change(userId, given, OTHER))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    await identity.resources.knex('users').where({ id: userId }).update({ is_system_admin: true });
    expect(refused(await change(userId, given))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
  });
  it('is its user’s alone from when they join another organization, a personal one not counted', async () => {
    const { userId } = await managed();
    await joined(userId, { organization_id: 1000 + userId, is_personal: true });
    await joined(userId, {});
    await joined(userId, { organization_id: OTHER });
    await eventually(async () => (await account(userId)).managed_by === null);
    expect(refused(await change(userId, { password: 'Brand2new!' }))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    const released = (await identity.audited(userId)).filter(({ action }) => action === 'user.released');
    expect(released.map(({ metadata }) => metadata.organization_id)).toEqual([ACME]);
  });
  it('is disabled with its membership and enabled with the next, by its organization alone', async () => {
    const { userId, email } = await managed();
    const person = identity.personOf(await identity.login(email), email);
    await happened(accountDeprovisioned, userId, { organization_id: OTHER });
    await happened(accountDeprovisioned, userId, {});
    await eventually(async () => (await account(userId)).disabled_at !== null);
    expect((await identity.login(email)).status).toBe(403);
    const [session] = await identity.resources.knex('sessions').where({ id: person.sessionId });
    expect(session.revoke_reason).toBe('account_disabled');
    expect((await change(userId, { display_name: 'X' })).status).toBe(409);
    expect((await vouch(userId)).status).toBe(204);
    expect((await identity.login(email)).status).toBe(200);
    const own = await identity.person();
    await happened(accountDeprovisioned, own.userId, {});
    await happened(accountDeprovisioned, userId, {});
    await eventually(async () => (await account(userId)).disabled_at !== null);
    expect((await account(own.userId)).disabled_at).toBeNull();
  });
  it('is its user’s when the organization is gone, and enabled: nobody else could do that', async () => {
    const { userId, email } = await managed();
    await happened(accountDeprovisioned, userId, {});
    await eventually(async () => (await account(userId)).disabled_at !== null);
    await publishEvent(identity, 'organization', organizationDeleted, {
      subject: ACME,
      data: { organization_id: ACME, name: 'Acme', reason: 'deleted' },
    });
    await eventually(async () => (await account(userId)).managed_by === null);
    expect((await identity.login(email)).status).toBe(200);
  });
});
