import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { oauthFixture } from '../testing/oauth-fixture.ts';
import { ORIGIN, passkeysUnderTest } from '../testing/passkeys-under-test.ts';
import { softwareAuthenticator } from '../testing/software-authenticator.ts';

const SUBJECT = 'New sign-in to your account';
const ELSEWHERE = '198.51.100.9';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const signInFrom = async (ip: string, { email }: Person, headers: Record<string, string> = {}) => {
  const credentials = { email, password: 'Correct1horse' };
  const answer = await identity.anonymous(ip).post('/api/v1/auth/login', credentials, { headers });
  expect(answer.status).toBe(200);
  return identity.personOf(answer, email);
};
const notices = ({ email }: Person) => identity.mail.to(email).filter(({ subject }) => subject === SUBJECT);
const told = (person: Person, times = 1) =>
  eventually(() => {
    const mails = notices(person);
    expect(mails).toHaveLength(times);
    return mails;
  });
const tokenIn = (text: string) => /not-me\?token=([\w-]+)/.exec(text)![1]!;
const disown = (token: string) => identity.anonymous('203.0.113.5').post('/api/v1/auth/not-me', { token });
const isActive = async (person: Person) =>
  (await person.caller.get('/api/v1/sessions')).body.data.sessions.some(
    ({ id }: { id: number }) => id === person.sessionId,
  );

describe('a sign-in', () => {
  it('from a new network is told to the owner, with when, whence and a link', async () => {
    const person = await identity.person();
    await signInFrom(ELSEWHERE, person);
    const [mail] = await told(person);
    expect(mail!.text).toContain(ELSEWHERE);
    expect(mail!.text).toMatch(/ GMT/);
    expect(tokenIn(mail!.text)).toMatch(/^[\w-]{32,}$/);
  });

  it('from a new device is told, a newer version of a known one is not', async () => {
    const person = await identity.person();
    const browser = (version: number) => ({ 'user-agent': `Mozilla/5.0 (X11; Linux) Firefox/${version}.0` });
    await signInFrom('192.0.2.7', person, browser(130));
    await told(person);
    await signInFrom('192.0.2.7', person, browser(131));
    await signInFrom('192.0.2.7', person, { 'user-agent': 'Mozilla/5.0 (Macintosh) Safari/605' });
    const mails = await told(person, 2);
    expect(mails.some(({ text }) => text.includes('with Firefox on Linux.'))).toBe(true);
    expect(mails.map(({ text }) => text).join()).not.toContain('Mozilla');
  });

  it('from where the account was used before is not told, nor the first of an account', async () => {
    const [quiet, witness] = [await identity.person(), await identity.person()];
    await signInFrom('192.0.2.200', quiet);
    await signInFrom('192.0.2.7', quiet);
    await signInFrom(ELSEWHERE, witness);
    // Events are handled in their order: once the last is told, the others have been looked at.
    await told(witness);
    const mails = notices(quiet).map(({ text }) => /from ([\d.]+), with/.exec(text)![1]);
    expect(mails).toEqual(['192.0.2.200']);
  });

  it('is told ten times a day at most', async () => {
    const [person, witness] = [await identity.person(), await identity.person()];
    for (let network = 1; network <= 12; network++) await signInFrom(`198.51.${network}.1`, person);
    await signInFrom(ELSEWHERE, witness);
    await told(witness);
    await told(person, 10);
  });
});

describe('not-me', () => {
  let person: Person;
  let stranger: Person;
  let token: string;
  beforeAll(async () => {
    person = await identity.person();
    stranger = await signInFrom(ELSEWHERE, person);
    token = tokenIn((await told(person))[0]!.text);
  });

  it('of ten at once one ends that session and no other, and mails the way to a new password', async () => {
    expect(await isActive(stranger)).toBe(true);
    const answers = await Promise.all(Array.from({ length: 10 }, () => disown(token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(400)]);
    expect(answers.find(({ status }) => status === 400)!.body.error.code).toBe('INVALID_TOKEN');
    expect(await isActive(stranger)).toBe(false);
    expect(await isActive(person)).toBe(true);
    const refreshed = await identity
      .anonymous()
      .post('/api/v1/auth/refresh', { refresh_token: stranger.refreshToken });
    expect(refreshed.status).toBe(401);
    await eventually(() =>
      identity.mail.to(person.email).find(({ subject }) => subject === 'Set a new password'),
    );
    const actions = await identity.audited(person.userId);
    expect(actions.map(({ metadata }) => metadata.reason)).toContain('disowned');
  });

  it('ends what was made in that session, and nothing that was made in another', async () => {
    const oauth = oauthFixture(identity);
    const application = await oauth.application();
    const [owner, keys] = [await identity.person(), passkeysUnderTest(() => identity)];
    const thief = await signInFrom(ELSEWHERE, owner);
    const made: { token: string; granted: { access_token: string; refresh_token: string } }[] = [];
    for (const session of [owner, thief]) {
      const wanted = { name: 'Nightly', scopes: ['read'] };
      const { token } = (await session.caller.post('/api/v1/auth/tokens', wanted).expect(201)).body.data;
      expect((await keys.register(session, softwareAuthenticator(ORIGIN))).status).toBe(200);
      made.push({ token, granted: await oauth.granted(application, session) });
    }
    const left = async () => {
      const { credentials } = (await owner.caller.get('/api/v1/webauthn/credentials')).body.data;
      const tokens = made.flatMap(({ token, granted }) => [token, granted.access_token]);
      const states = await Promise.all(tokens.map(async token => (await oauth.state(token)).state));
      return [credentials.length, ...states];
    };
    expect(await left()).toEqual([2, 'active', 'active', 'active', 'active']);
    await disown(tokenIn((await told(owner))[0]!.text)).expect(200);
    expect(await left()).toEqual([1, 'active', 'active', 'revoked', 'revoked']);
    const refreshed = await Promise.all(
      made.map(({ granted }) => oauth.refresh(application, granted.refresh_token)),
    );
    expect(refreshed.map(({ status }) => status)).toEqual([200, 400]);
    await eventually(() =>
      identity.mail.to(owner.email).find(({ text }) => /passkey.*(deleted|removed)/s.test(text)),
    );
  });

  it('400 for a token that is spent, unknown or of another mail', async () => {
    for (const wrong of [token, 'unknown', person.refreshToken, person.accessToken.slice(0, 512)])
      expect((await disown(wrong)).body.error.code).toBe('INVALID_TOKEN');
  });

  it.each([{}, { token: '' }, { token: 7 }, { token: 'x'.repeat(513) }, { token: 'x', session_id: 1 }])(
    '422 for %o',
    async body => {
      expect((await identity.anonymous().post('/api/v1/auth/not-me', body)).status).toBe(422);
    },
  );

  it('keeps no token where a dump would show it', async () => {
    const victim = await identity.person();
    await signInFrom(ELSEWHERE, victim);
    const secret = tokenIn((await told(victim))[0]!.text);
    const rows = await identity.resources.knex('sign_in_notices').where({ user_id: victim.userId });
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(rows).toHaveLength(1);
  });
});
