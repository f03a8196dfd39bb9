import * as secrets from '@rivergate/secrets';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

vi.mock('@rivergate/secrets', { spy: true });

const WRONG = 'Wrong1password';
/** Where `identity.person()` registers, and so where it has a session. */
const USUAL = '192.0.2.7';
const subject = 'Somebody tries to sign in to your account';

let limited: IdentityUnderTest;
let networks = 0;
beforeAll(async () => {
  limited = await startIdentityUnderTest({
    RATE_LIMIT_LOGIN_ADDRESS: '5/900',
    RATE_LIMIT_LOGIN_ADDRESS_HOURLY: '12/3600',
    RATE_LIMIT_LOGIN_ADDRESS_DAILY: '40/86400',
  });
});
afterAll(() => limited.stop());

const login = (ip: string, email: string, password = PASSWORD) =>
  limited.anonymous(ip).post('/api/v1/auth/login', { email, password });
/** An address in a network that nobody has used yet. */
const elsewhere = () => `2001:db8:${(++networks).toString(16)}::1`;
/** So many wrong logins for the address, each from a network of its own; their statuses. */
const strangersTry = async (email: string, tries: number) => {
  const answers = await Promise.all(Array.from({ length: tries }, () => login(elsewhere(), email, WRONG)));
  return answers.map(({ status }) => status).sort();
};
const comparisons = async (work: () => Promise<unknown>) => {
  vi.mocked(secrets.verifyPassword).mockClear();
  await work();
  return vi.mocked(secrets.verifyPassword).mock.calls.length;
};

describe('logins for one address', () => {
  describe('from one network', () => {
    it('429 after five, with Retry-After, known address or not, out of ten at once', async () => {
      const { email, userId } = await limited.person();
      for (const address of [email, 'nobody@example.com']) {
        const ip = elsewhere();
        const answers = await Promise.all(Array.from({ length: 10 }, () => login(ip, address, WRONG)));
        expect(answers.map(({ status }) => status).sort()).toEqual([
          ...Array(5).fill(401),
          ...Array(5).fill(429),
        ]);
        const refused = answers.find(({ status }) => status === 429)!;
        expect(refused.body.error.code).toBe('RATE_LIMITED');
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
        // An IPv6 network of 64 bits counts as one; not even the right password is compared there.
        const neighbour = ip.replace(/::1$/, '::ffff:1');
        expect(await comparisons(() => login(neighbour, address))).toBe(0);
        expect((await login(neighbour, address)).status).toBe(429);
      }
      expect((await limited.audited(userId)).at(-1)!.metadata.reason).toBe('rate_limited');
    });
    it('keep nobody out elsewhere', async () => {
      const { email } = await limited.person();
      const ip = elsewhere();
      for (let tries = 0; tries < 6; tries++) await login(ip, email, WRONG);
      expect((await login(USUAL, email)).status).toBe(200);
      expect((await login(elsewhere(), email)).status).toBe(200);
    });
    it('are counted anew after a completed login', async () => {
      const { email } = await limited.person();
      const ip = elsewhere();
      for (let round = 0; round < 2; round++) {
        for (let tries = 0; tries < 4; tries++) expect((await login(ip, email, WRONG)).status).toBe(401);
        expect((await login(ip, email)).status).toBe(200);
      }
    });
  });

  describe('from everywhere', () => {
    it('429 after the bound out of twenty at once, known address or not, after the same work', async () => {
      const { email } = await limited.person();
      for (const address of [email, 'unheard-of@example.com']) {
        expect(await strangersTry(address, 20)).toEqual([...Array(12).fill(401), ...Array(8).fill(429)]);
        // Beyond it the answer says nothing about the password, and takes as long.
        expect(await comparisons(() => login(elsewhere(), address, WRONG))).toBe(1);
      }
      const [right, wrong] = [await login(elsewhere(), email), await login(elsewhere(), email, WRONG)];
      const shown = ({ status, body }: typeof right) => [status, { ...body.error, request_id: '' }];
      expect(shown(right)).toEqual(shown(wrong));
      expect(right.status).toBe(429);
    });
    it('let the right password in where the account was used before, all the time', async () => {
      const { email } = await limited.person();
      const other = elsewhere();
      expect((await login(other, email)).status).toBe(200);
      await strangersTry(email, 14);
      for (const usual of [USUAL, other, other.replace(/::1$/, '::2')])
        expect((await login(usual, email)).status).toBe(200);
      // What a wrong one is answered there tells a neighbour no more than anybody else.
      expect((await login(USUAL, email, WRONG)).status).toBe(429);
      expect((await login(elsewhere(), email)).status).toBe(429);
    });
    it('let the owner in anywhere once a new password is set by the mailed link', async () => {
      const { email } = await limited.person();
      await strangersTry(email, 14);
      const place = elsewhere();
      expect((await login(place, email)).status).toBe(429);
      await limited.anonymous(place).post('/api/v1/auth/forgot-password', { email });
      const token = await eventually(
        () =>
          limited.mail
            .to(email)
            .map(({ text }) => /reset-password\?token=([\w-]+)/.exec(text)?.[1])
            .find(Boolean),
        'the link',
      );
      const reset = { token, new_password: 'Brand2new!' };
      expect((await limited.anonymous(place).post('/api/v1/auth/reset-password', reset)).status).toBe(204);
      expect((await login(place, email, 'Brand2new!')).status).toBe(200);
    });
    it('are told to the owner by mail, once a day', async () => {
      const [owner, other] = [await limited.person(), await limited.person()];
      const told = ({ email }: { email: string }) =>
        limited.mail.to(email).filter(mail => mail.subject === subject);
      await strangersTry(owner.email, 20);
      const [mail] = await eventually(() => told(owner).length > 0 && told(owner), 'the mail');
      expect(mail!.text).not.toContain('2001:db8');
      await strangersTry(owner.email, 5);
      await strangersTry('nobody-at-all@example.com', 20);
      await strangersTry(other.email, 13);
      await eventually(() => told(other).length > 0, 'the mail about what came later');
      expect(told(owner)).toHaveLength(1);
      expect(limited.mail.to('nobody-at-all@example.com')).toHaveLength(0);

      const yesterday = new Date(Date.now() - 25 * 3_600_000);
      await limited.resources
        .knex('users')
        .where({ id: owner.userId })
        .update({ guessing_told_at: yesterday });
      await strangersTry(owner.email, 1);
      await eventually(() => told(owner).length === 2, 'the mail of the next day');
    });
    it('are bound over the day as well', async () => {
      const { email } = await limited.person();
      for (let hours = 0; hours < 4; hours++) {
        await strangersTry(email, 12);
        await limited.resources.limiter.clear('login_address_hourly', `address ${email}`);
      }
      const { status, headers } = await login(elsewhere(), email, WRONG);
      expect([status, Number(headers.get('retry-after')) > 80_000]).toEqual([429, true]);
      expect((await login(USUAL, email)).status).toBe(200);
    });
  });
});
