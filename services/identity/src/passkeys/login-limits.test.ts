import { eventually, expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { ORIGIN, passkeysUnderTest, RP_ID } from '../testing/passkeys-under-test.ts';
import { softwareAuthenticator } from '../testing/software-authenticator.ts';

let limited: IdentityUnderTest;
let networks = 0;
beforeAll(async () => {
  limited = await startIdentityUnderTest({
    RATE_LIMIT_PASSKEY_START: '30/900',
    RATE_LIMIT_PASSKEY_START_ADDRESS: '20/900',
    RATE_LIMIT_LOGIN: '8/900',
    RATE_LIMIT_LOGIN_ADDRESS: '5/900',
    RATE_LIMIT_LOGIN_ADDRESS_HOURLY: '12/3600',
  });
});
afterAll(() => limited.stop());

const { startLogin, completeLogin, login, holder } = passkeysUnderTest(() => limited);
/** An address in a network that nobody has used yet. */
const elsewhere = () => `2001:db8:${(++networks).toString(16)}::1`;
const junk = () => softwareAuthenticator(ORIGIN).get({ challenge: 'A'.repeat(43), rpId: RP_ID });
const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status).sort();
const times = <Result>(count: number, work: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

describe('starts of a login', () => {
  it('429 after twenty for an address from one network, known or not, and after more for a network', async () => {
    const { email } = await holder();
    for (const address of [email, 'nobody@example.com']) {
      const ip = elsewhere();
      const answers = await times(22, () => startLogin(address, ip));
      expect(statuses(answers)).toEqual([...Array(20).fill(200), 429, 429]);
      const refused = answers.find(({ status }) => status === 429)!;
      expectError(refused, 429, 'RATE_LIMITED');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
      expect((await startLogin(address, elsewhere())).status).toBe(200);
      const others = await times(10, index => startLogin(`other-${index}@example.com`, ip));
      expect(statuses(others)).toEqual([...Array(8).fill(200), 429, 429]);
    }
  });
});

describe('completed logins count as logins', () => {
  it('429 after five for an address from one network, known or not, out of ten at once', async () => {
    const { email, userId } = await holder();
    for (const address of [email, 'nobody@example.com']) {
      const ip = elsewhere();
      const answers = await times(7, () => completeLogin(address, junk(), { ip }));
      expect(statuses(answers)).toEqual([...Array(5).fill(404), 429, 429]);
      const password = { email: address, password: 'Wrong1password' };
      expectError(await limited.anonymous(ip).post('/api/v1/auth/login', password), 429, 'RATE_LIMITED');
    }
    expect((await limited.audited(userId)).at(-1)!.metadata.reason).toBe('rate_limited');
  });

  it('429 for a network over all addresses', async () => {
    const ip = elsewhere();
    const answers = await times(9, index => completeLogin(`someone-${index}@example.com`, junk(), { ip }));
    expect(statuses(answers)).toEqual([...Array(8).fill(404), 429]);
  });

  it('are forgotten for the address there when one succeeds', async () => {
    const person = await holder();
    const ip = elsewhere();
    await times(4, () => completeLogin(person.email, junk(), { ip }));
    expect((await login(person, {}, ip)).status).toBe(200);
    expectError(await completeLogin(person.email, junk(), { ip }), 404, 'CHALLENGE_NOT_FOUND');
  });

  it('beyond the bound over all networks a right one still succeeds anywhere: it cannot be guessed', async () => {
    const person = await holder();
    await times(13, () => completeLogin(person.email, junk(), { ip: elsewhere() }));
    expectError(await completeLogin(person.email, junk(), { ip: elsewhere() }), 429, 'RATE_LIMITED');
    expect((await login(person, {}, elsewhere())).status).toBe(200);
    const told = () =>
      limited.mail.to(person.email).some(({ subject }) => subject.startsWith('Somebody tries to sign in'));
    await eventually(told, 'the notice');
  });
});
