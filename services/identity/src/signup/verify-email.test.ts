import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  identity.anonymous().post(`/api/v1/auth/${path}`, body, { headers });

describe('verify-email', () => {
  it('200 with tokens at first, then 200 without', async () => {
    const email = identity.newAddress();
    const { body: registered } = await identity.signUp(email);
    const token = await identity.linkTokenOf(email);
    const first = await post('verify-email', { token });
    expect(first.body.data).toMatchObject({
      user_id: registered.data.user_id,
      email,
      is_verified: true,
      expires_in: 3600,
    });
    const second = await post('verify-email', { token });
    expect(second.status).toBe(200);
    expect(second.body.data).toMatchObject({
      access_token: null,
      refresh_token: null,
      token_type: null,
      expires_in: null,
    });
    const code = { temporary_token: registered.data.temporary_token, otp_code: await identity.codeOf(email) };
    expect((await post('verify-otp', code)).status).toBe(401);
  });
  it('400 for a link that is unknown, replaced by a resend, or of a suspended account', async () => {
    expect((await post('verify-email', { token: 'nonsense' })).body.error.code).toBe('INVALID_TOKEN');
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const old = await identity.linkTokenOf(email);
    await post('resend-signup-otp', { email, temporary_token: body.data.temporary_token });
    expect((await post('verify-email', { token: old })).status).toBe(400);
    await identity.resources
      .knex('users')
      .where({ id: body.data.user_id })
      .update({ disabled_at: new Date() });
    expect((await post('verify-email', { token: await identity.linkTokenOf(email, 2) })).status).toBe(400);
  });
  it('410 past its life', async () => {
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const verification = identity.resources
      .knex('address_verifications')
      .where({ user_id: body.data.user_id });
    await verification.update({ link_expires_at: new Date() });
    expect((await post('verify-email', { token: await identity.linkTokenOf(email) })).body.error.code).toBe(
      'TOKEN_EXPIRED',
    );
  });
});

describe('resend-signup-otp', () => {
  it('401 for a token that is unknown, replaced, expired, or of another address', async () => {
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const temporary_token = body.data.temporary_token;
    const resend = (change: object) => post('resend-signup-otp', { email, temporary_token, ...change });
    expect((await resend({ temporary_token: 'unknown' })).body.error.code).toBe('INVALID_TOKEN');
    expect((await resend({ email: identity.newAddress() })).status).toBe(401);
    const verification = identity.resources
      .knex('address_verifications')
      .where({ user_id: body.data.user_id });
    await verification.clone().update({ temporary_token_expires_at: new Date() });
    expect((await resend({})).status).toBe(401);
    await verification.clone().update({ temporary_token_expires_at: new Date(Date.now() + 60_000) });
    expect((await resend({})).status).toBe(200);
    expect((await resend({})).status).toBe(401);
  });
  it('409 when the address is verified', async () => {
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const temporary_token = body.data.temporary_token;
    await post('verify-email', { token: await identity.linkTokenOf(email) });
    const { status, body: refused } = await post('resend-signup-otp', { email, temporary_token });
    expect([status, refused.error.code]).toEqual([409, 'EMAIL_ALREADY_VERIFIED']);
  });
});
