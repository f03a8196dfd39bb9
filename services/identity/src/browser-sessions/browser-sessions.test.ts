import { signedIn } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepPolicy } from '../organizations/policy-store.ts';
import {
  type IdentityUnderTest,
  PASSWORD,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

const PATH = '/api/v1/auth/browser-session';
const OWN = { 'sec-fetch-site': 'same-origin' };
const FROM_ELSEWHERE: Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  { 'sec-fetch-site': 'same-site', origin: 'https://evil.rivergate.test' },
  { 'sec-fetch-site': 'none' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
  {},
];

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity?.stop());

const cookie = (secret: string) => ({ cookie: `__Host-session=${secret}` });
const keep = (person: Person, before?: string, refresh_token = person.refreshToken) =>
  person.caller.put(PATH, { refresh_token }, { headers: { ...OWN, ...(before ? cookie(before) : {}) } });
const secretIn = ({ headers }: { headers: Headers }) =>
  /^__Host-session=([\w-]{43});/.exec(headers.getSetCookie()[0]!)![1]!;
const kept = async (person: Person, before?: string) => secretIn(await keep(person, before).expect(204));
const token = (secret: string, headers: Record<string, string> = OWN) =>
  identity.anonymous().post(`${PATH}/token`, undefined, { headers: { ...cookie(secret), ...headers } });
const end = (secret: string, headers: Record<string, string> = OWN) =>
  identity.anonymous().post(`${PATH}/end`, undefined, { headers: { ...cookie(secret), ...headers } });
const again = async ({ email }: Person) => identity.personOf(await identity.login(email), email);
const row = ({ sessionId }: Person) => identity.resources.knex('sessions').where({ id: sessionId });
const reasonOf = async (person: Person) => (await row(person).first()).revoke_reason;

describe('a session that a browser keeps', () => {
  it('gives access tokens of the session, with its place and methods, and no refresh token', async () => {
    const person = await identity.person();
    const { body } = await token(await kept(person)).expect(200);
    const { access_token, ...rest } = body.data;
    expect(rest).toEqual({
      token_type: 'bearer',
      expires_in: 3600,
      user_id: person.userId,
      email: person.email,
      display_name: expect.any(String),
    });
    const [before, after] = [decodeJwt(person.accessToken), decodeJwt(access_token)];
    for (const claim of ['sid', 'sub', 'org_id', 'amr', 'iss', 'aud'])
      expect(after[claim]).toEqual(before[claim]);
    expect((await identity.audited(person.userId)).at(-1)!.action).toBe('auth.session.refreshed');
  });

  it('is kept by a cookie of this host alone, out of reach of scripts and of other sites', async () => {
    const answer = await keep(await identity.person()).expect(204);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
    ]);
    const ended = await end(secretIn(answer)).expect(204);
    expect(ended.headers.getSetCookie()).toEqual([
      '__Host-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
    ]);
  });

  it('serves ten tabs at once, and leaves the refresh token as it was', async () => {
    const person = await identity.person();
    const secret = await kept(person);
    const answers = await Promise.all(Array.from({ length: 10 }, () => token(secret)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    await token(secret).expect(200);
    await identity
      .anonymous()
      .post('/api/v1/auth/refresh', { refresh_token: person.refreshToken })
      .expect(200);
  });

  it('is worthless once the session ended, the password changed, or the user was suspended', async () => {
    const ways: ((person: Person) => PromiseLike<unknown>)[] = [
      person => person.caller.post('/api/v1/auth/logout').expect(204),
      person => person.caller.post('/api/v1/auth/logout-all').expect(204),
      person => person.caller.delete(`/api/v1/sessions/${person.sessionId}`).expect(200),
      person =>
        person.caller
          .post('/api/v1/auth/change-password', {
            current_password: PASSWORD,
            new_password: 'Another2horses',
          })
          .expect(200),
      person => row(person).update({ expires_at: new Date() }),
      ({ userId }) =>
        identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() }),
    ];
    for (const way of ways) {
      const person = await identity.person();
      const secret = await kept(person);
      await token(secret).expect(200);
      await way(person);
      const { body } = await token(secret).expect(401);
      expect([body.error.code, body.data]).toEqual(['NOBODY_SIGNED_IN', undefined]);
    }
  });

  it('gets no older than its organization lets refresh tokens get', async () => {
    const person = await identity.person();
    const secret = await kept(person);
    const { knex } = identity.resources;
    const organization_id = 990_001;
    await keepPolicy(knex, {
      organization_id,
      revision: 1,
      session_seconds: 86_400,
      remembered_session_seconds: 86_400,
      access_token_seconds: 3_600,
      refresh_token_seconds: 600,
      personal_token_seconds: 86_400,
      password_min_length: 8,
      password_special_character: false,
      mfa_required_from: null,
      device_trust_days: 30,
      open_clients: false,
      ip_allow_list: [],
      organization_tokens: true,
      oauth_applications: true,
    });
    await row(person).update({ organization_id });
    await token(secret).expect(200);
    const made = knex('browser_sessions').where({ session_id: person.sessionId });
    await made.update({ created_at: new Date(Date.now() - 601_000) });
    await token(secret).expect(401);
  });

  it('ends with the sign-out of its browser, at once', async () => {
    const person = await identity.person();
    const secret = await kept(person);
    await end(secret).expect(204);
    expect(await reasonOf(person)).toBe('logout');
    expect(await identity.resources.redis.get(`access:{session:${person.sessionId}}`)).toBe('revoked');
    await token(secret).expect(401);
    await end(secret).expect(204);
    await identity.anonymous().post(`${PATH}/end`, undefined, { headers: OWN }).expect(204);
  });

  it('is in the database by the hash of its secret alone', async () => {
    const secret = await kept(await identity.person());
    const rows = await identity.resources.knex('browser_sessions');
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

describe('a sign-in in a browser that keeps a session', () => {
  it('always gets another secret, and one that was there before opens nothing', async () => {
    const person = await identity.person();
    const planted = 'p'.repeat(43);
    const first = await kept(person, planted);
    expect(first).not.toBe(planted);
    await token(planted).expect(401);
    const second = await kept(person, first);
    await token(first).expect(401);
    await token(second).expect(200);
  });

  it('ends the session of somebody else, and lets an earlier one of the same user be', async () => {
    const [one, two] = [await identity.person(), await identity.person()];
    const secret = await kept(one);
    const later = await again(one);
    const next = await kept(later, secret);
    await token(secret).expect(401);
    expect(await reasonOf(one)).toBeNull();
    await kept(two, next);
    expect(await reasonOf(later)).toBe('logout');
    await token(next).expect(401);
  });

  it('needs an unused refresh token of that very session', async () => {
    const [person, other] = [await identity.person(), await identity.person()];
    const spent = person.refreshToken;
    const wrong = [other.refreshToken, (await again(person)).refreshToken, 'x'.repeat(43)];
    await identity.anonymous().post('/api/v1/auth/refresh', { refresh_token: spent }).expect(200);
    for (const refreshToken of [...wrong, spent]) {
      const { headers, body } = await keep(person, undefined, refreshToken).expect(401);
      expect([headers.getSetCookie(), body.error.code]).toEqual([[], 'INVALID_TOKEN']);
    }
    await person.caller.put(PATH, {}, { headers: OWN }).expect(422);
    const body = { refresh_token: other.refreshToken };
    await identity.anonymous().put(PATH, body, { headers: OWN }).expect(401);
    const program = identity.as(signedIn({ userId: other.userId, sessionId: null }));
    await program.put(PATH, body, { headers: OWN }).expect(403);
  });
});

describe('pages of other sites', () => {
  it.each(FROM_ELSEWHERE)('get no token, sign nobody out, and plant no session: %j', async headers => {
    const person = await identity.person();
    const secret = await kept(person);
    for (const refused of [await token(secret, headers), await end(secret, headers)])
      expect([refused.status, refused.body.error.code]).toEqual([403, 'CROSS_SITE_REQUEST']);
    await token(secret).expect(200);
    const planted = await person.caller.put(
      PATH,
      { refresh_token: person.refreshToken },
      { headers: { ...headers, ...cookie(secret) } },
    );
    expect([planted.status, planted.headers.getSetCookie()]).toEqual([403, []]);
  });
});
