import { expectError } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { enrolEmail, enrolTotp } from '../testing/authenticator.ts';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest({
    RATE_LIMIT_SECOND_FACTOR_SETUP: '5/900',
    RATE_LIMIT_SECOND_FACTOR_CODE: '3/300',
    RATE_LIMIT_SECOND_FACTOR_WRONG_HOURLY: '10/3600',
  });
});
afterAll(() => identity.stop());

const post = (path: string, body: unknown) => identity.anonymous().post(`/api/v1/auth/mfa/${path}`, body);
async function chosen({ email }: Person, method: string): Promise<string> {
  const { temporary_token } = (await identity.login(email)).body.data;
  return (await post('otp/generate', { temporary_token, method }).expect(200)).body.data.temporary_token;
}
const verify = (temporary_token: string, proof: object) => post('verify', { temporary_token, ...proof });

it('ten wrong codes of a user in an hour are enough, over all logins; the owner is told, and success gives none back', async () => {
  const person = await identity.person();
  const phone = await enrolTotp(identity, person);
  const guess = async (times: number) => {
    const token = await chosen(person, 'totp');
    for (let nth = 0; nth < times; nth++)
      expectError(await verify(token, { backup_code: 'AAAAAAAA' }), 400, 'INVALID_MFA_CODE');
    return token;
  };
  await guess(5);
  await verify(await guess(4), { code: await phone.freshCode() }).expect(200);
  const last = await guess(1);
  const refused = await verify(last, { code: await phone.freshCode() });
  expectError(refused, 429, 'TOO_MANY_ATTEMPTS');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
  expectError(
    await verify(await chosen(person, 'totp'), { backup_code: phone.backupCodes[0] }),
    429,
    'TOO_MANY_ATTEMPTS',
  );
  expect((await identity.mail.nth(person.email, 3)).subject).toBe('Somebody knows your password');

  const { knex } = identity.resources;
  await knex('wrong_codes')
    .where({ subject: `second factor of user ${person.userId}` })
    .update({ ends_at: new Date() });
  await verify(last, { backup_code: phone.backupCodes[0] }).expect(200);
});

it('three codes are mailed to a user in five minutes, over all logins; other methods go on', async () => {
  const person = await identity.person();
  await enrolEmail(identity, person);
  const phone = await enrolTotp(identity, person);
  for (let nth = 0; nth < 3; nth++) await chosen(person, 'email_otp');
  const { temporary_token } = (await identity.login(person.email)).body.data;
  expectError(await post('otp/generate', { temporary_token, method: 'email_otp' }), 429, 'RATE_LIMITED');
  const { body } = await post('otp/generate', { temporary_token, method: 'totp' }).expect(200);
  await verify(body.data.temporary_token, { code: await phone.freshCode() }).expect(200);
});

it('five setups of a method in a quarter of an hour; other methods and other users go on', async () => {
  const person = await identity.person();
  const setup = ({ caller }: Person) => caller.post('/api/v1/mfa/totp/setup', { device_name: 'Phone' });
  for (let nth = 0; nth < 5; nth++) await setup(person).expect(200);
  expectError(await setup(person), 429, 'RATE_LIMITED');
  await setup(await identity.person()).expect(200);
  for (let nth = 0; nth < 5; nth++) await person.caller.post('/api/v1/mfa/email-otp/setup').expect(200);
  expectError(await person.caller.post('/api/v1/mfa/email-otp/setup'), 429, 'RATE_LIMITED');
});
