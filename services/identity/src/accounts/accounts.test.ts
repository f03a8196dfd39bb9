import { fellowService } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const organization = () => identity.as(fellowService('organization'));
const create = (email: string, more = {}) =>
  organization().post('/internal/users', {
    email,
    password: PASSWORD,
    display_name: null,
    ip: '198.51.100.9',
    ...more,
  });
const withdraw = (userId: number) => organization().delete(`/internal/users/${userId}`);

describe('an account that another service creates', () => {
  it('201 is unverified, and mails code and link', async () => {
    const email = identity.newAddress();
    const { status, body } = await create(email.toUpperCase(), { display_name: 'Chief' });
    expect([status, body.data]).toEqual([201, { user_id: expect.any(Number), email, display_name: 'Chief' }]);
    const terms = await identity.resources.knex('terms_acceptances').where({ user_id: body.data.user_id });
    expect(terms).toMatchObject([{ ip_address: '198.51.100.9' }]);
    const token = await identity.linkTokenOf(email);
    identity.organization.startsAt.set(body.data.user_id, { organization_id: 5, workspace_id: 6 });
    const verified = await identity.anonymous().post('/api/v1/auth/verify-email', { token });
    expect(verified.status).toBe(200);
    // It was made for an organization, and starts there rather than in the personal one.
    expect(decodeJwt(verified.body.data.access_token).org_id).toBe(5);
  });
  it('holds its address, unlike a self-registration, which gives way to it', async () => {
    const email = identity.newAddress();
    await identity.signUp(email);
    expect((await create(email)).status).toBe(201);
    expect((await identity.signUp(email)).body.error.code).toBe('EMAIL_TAKEN');
    expect((await create(email)).body.error.code).toBe('EMAIL_TAKEN');
  });
  it('is led to the verification by a login', async () => {
    const email = identity.newAddress();
    await create(email);
    const { body } = await identity.login(email);
    expect(body.data.email_verification_required).toBe(true);
    const verification = {
      temporary_token: body.data.temporary_token,
      otp_code: await identity.codeOf(email, 2),
    };
    expect((await identity.anonymous().post('/api/v1/auth/verify-otp', verification)).status).toBe(200);
  });
  it('422 for a weak password', async () => {
    expect((await create(identity.newAddress(), { password: 'weak' })).body.error.code).toBe(
      'INVALID_PASSWORD',
    );
  });
  it('401 for everybody but a service', async () => {
    const body = { email: identity.newAddress(), password: PASSWORD, display_name: null, ip: null };
    expect((await identity.anonymous().post('/internal/users', body)).status).toBe(401);
    expect((await (await identity.person()).caller.post('/internal/users', body)).status).toBe(401);
  });
});

describe('taking an account back', () => {
  it('204 frees the address', async () => {
    const email = identity.newAddress();
    const { body } = await create(email);
    expect((await withdraw(body.data.user_id)).status).toBe(204);
    expect((await identity.signUp(email)).status).toBe(201);
    expect((await withdraw(body.data.user_id)).body.error.code).toBe('USER_NOT_FOUND');
  });
  it('409 once it is verified', async () => {
    const { userId } = await identity.person();
    expect((await withdraw(userId)).body.error.code).toBe('ACCOUNT_VERIFIED');
  });
});
