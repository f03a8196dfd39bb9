import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  person = await identity.person();
  for (let tries = 0; tries < 2; tries++) await identity.login(person.email, { password: 'Wrong1password' });
  await identity.login(person.email, { remember_me: true });
});
afterAll(() => identity.stop());

const history = async (query = '') =>
  (await person.caller.get(`/api/v1/auth/login-history${query}`)).body.data;

describe('login-history', () => {
  it('200 with the own logins, newest first, filtered and paged', async () => {
    const all = await history();
    expect(all).toMatchObject({ limit: 50, offset: 0, total_count: 4 });
    expect(new Set(all.history.map((entry: { action: string }) => entry.action))).toEqual(
      new Set(['auth.login.success', 'auth.login.failure']),
    );
    const ids = all.history.map((entry: { id: number }) => entry.id);
    expect(ids).toEqual(ids.toSorted((a: number, b: number) => b - a));
    const failures = await history('?filter=failure&limit=1&offset=1');
    expect(failures.history).toHaveLength(1);
    expect(failures.history[0]).toEqual({
      id: expect.any(Number),
      action: 'auth.login.failure',
      impersonator_user_id: null,
      ip_address: '192.0.2.7',
      user_agent: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
      metadata: { reason: 'invalid_password' },
    });
  });
  it('pages by cursor: logins that arrive meanwhile are neither lost nor shown twice', async () => {
    const someone = await identity.person();
    for (let logins = 0; logins < 4; logins++) await identity.login(someone.email);
    const page = async (query: string) =>
      (await someone.caller.get(`/api/v1/auth/login-history?limit=2${query}`)).body.data;
    const before = (await page('&offset=0')).total_count;
    const walked: number[] = [];
    let next: string | null = null;
    do {
      const data: { history: { id: number }[]; next_cursor: string | null } = await page(
        next === null ? '' : `&cursor=${next}`,
      );
      walked.push(...data.history.map(({ id }) => id));
      next = data.next_cursor;
      await identity.login(someone.email);
    } while (next !== null);
    expect(walked).toHaveLength(before);
    expect(walked).toEqual([...new Set(walked)].toSorted((a, b) => b - a));
  });
  it('holds nothing of others', async () => {
    const other = await identity.person();
    const { body } = await other.caller.get('/api/v1/auth/login-history');
    expect(body.data.history).toMatchObject([{ metadata: { method: 'password', remember_me: false } }]);
  });
  it('401 for nobody', async () => {
    expect((await identity.anonymous().get('/api/v1/auth/login-history')).status).toBe(401);
  });
  it.each(['limit=0', 'limit=101', 'offset=-1', 'filter=all', 'limit=ten', 'page=1', 'cursor=7', 'cursor='])(
    '422 for %s',
    async query => {
      expect((await person.caller.get(`/api/v1/auth/login-history?${query}`)).status).toBe(422);
    },
  );
});
