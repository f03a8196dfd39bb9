import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { isCommonPassword } from './common-passwords.ts';

describe('a common password', () => {
  it('is one of the list, however it is capitalised and whatever digits and signs end it', () => {
    for (const password of [
      'Password1',
      'pASSWORD',
      'Password123!',
      'Qwerty12345',
      'Welcome2024',
      'P@ssw0rd1',
    ])
      expect([password, isCommonPassword(password)]).toEqual([password, true]);
    expect(isCommonPassword('Rivergate1')).toBe(true);
  });
  it('is none that only holds a common one, or ends in more than a guesser would add', () => {
    for (const password of [PASSWORD, 'Correct-Horse-1', 'xPassword1', 'Password7261940385', 'Abc4!96#02'])
      expect([password, isCommonPassword(password)]).toEqual([password, false]);
  });
});

describe('a common password is refused, and the refusal says why,', () => {
  let identity: IdentityUnderTest;
  beforeAll(async () => {
    identity = await startIdentityUnderTest();
  });
  afterAll(() => identity.stop());

  const COMMON = 'Password123!';
  const why = { code: 'not_allowed', reason: expect.stringContaining('known from leaks') };
  const post = (path: string, body: unknown) => identity.anonymous().post(`/api/v1/auth/${path}`, body);

  it('at signup', async () => {
    const { status, body } = await identity.signUp(identity.newAddress(), { password: COMMON });
    expect([status, body.error.code]).toEqual([422, 'INVALID_PASSWORD']);
    expect(body.error.details).toEqual([{ field: 'body.password', ...why }]);
  });
  it('for an account that is made for an organization', async () => {
    const account = { email: identity.newAddress(), password: COMMON, display_name: null, ip: null };
    const { status, body } = await identity
      .as(fellowService('organization'))
      .post('/internal/users', account);
    expect([status, body.error.code]).toEqual([422, 'INVALID_PASSWORD']);
    expect(body.error.details).toEqual([{ field: 'body.password', ...why }]);
  });
  it('where a password is changed, and where the mailed link or token sets one', async () => {
    const { caller, email } = await identity.person();
    await post('forgot-password', { email });
    const token = /token=([\w-]+)/.exec((await identity.mail.nth(email, 2)).text)![1];
    const registered = identity.newAddress();
    await identity.signUp(registered);
    const answers = await Promise.all([
      caller.post('/api/v1/auth/change-password', { current_password: PASSWORD, new_password: COMMON }),
      post('reset-password', { token, new_password: COMMON }),
      post('verify-email', { token: await identity.linkTokenOf(registered), new_password: COMMON }),
    ]);
    for (const { status, body } of answers) {
      expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
      expect(body.error.details).toEqual([{ field: 'body.new_password', ...why }]);
    }
  });
});
