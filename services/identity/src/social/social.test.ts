import type { ServerResponse } from 'node:http';
import { eventually, fellowService } from '@rivergate/testing';
import {
  clientOf,
  type IdentityProviderUnderTest,
  type PersonElsewhere,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

const OAUTH = '/api/v1/auth/oauth';
const REDIRECT_URI = `http://rivergate.test${OAUTH}/google/callback`;
/** The settings by which the provider under test is one of the platform's. */
const at = (name: string, { issuer }: IdentityProviderUnderTest) => ({
  [`SOCIAL_${name.toUpperCase()}_CLIENT_ID`]: `rivergate-${name}`,
  [`SOCIAL_${name.toUpperCase()}_CLIENT_SECRET`]: SECRET,
  [`SOCIAL_${name.toUpperCase()}_ISSUER`]: issuer,
});

let elsewhere: IdentityProviderUnderTest;
let identity: IdentityUnderTest;
beforeAll(async () => {
  elsewhere = await startIdentityProvider({ clients: [clientOf('google'), clientOf('microsoft')] });
  identity = await startIdentityUnderTest({ ...at('google', elsewhere), ...at('microsoft', elsewhere) });
});
afterAll(async () => {
  await identity?.stop();
  await elsewhere?.stop();
});

let people = 0;
/** Someone with a verified address at the provider. */
function someone(more: Record<string, unknown> = {}): PersonElsewhere & { email: string } {
  const sub = `elsewhere-${++people}`;
  return { sub, email: identity.newAddress(), email_verified: true, name: `Person ${people}`, ...more };
}

const begin = async (provider = 'google', state?: string) => {
  const query = state === undefined ? '' : `?state=${state}`;
  const { body } = await identity.anonymous().get(`${OAUTH}/${provider}/url${query}`).expect(200);
  return body.data as { oauth_url: string; provider: string; state: string };
};
/** What the provider sends the browser back with. */
const returned = async (person: PersonElsewhere, provider?: string) =>
  elsewhere.signIn((await begin(provider)).oauth_url, person);
const finish = (sent: Record<string, string>, provider = 'google') =>
  identity.anonymous().get(`${OAUTH}/${provider}/callback?${new URLSearchParams(sent)}`);
const callback = async (person: PersonElsewhere) => finish(await returned(person));
const send = (path: 'login' | 'signup', sent: Record<string, unknown>, provider = 'google') =>
  identity.anonymous().post(`${OAUTH}/${path}`, { provider, ...sent });
const login = async (person: PersonElsewhere) => send('login', await returned(person));
const signup = async (person: PersonElsewhere, more = {}) =>
  send('signup', { ...(await returned(person)), ...more });
const codeOf = (answer: { status: number; body: { error?: { code: string } } }) => [
  answer.status,
  answer.body.error?.code,
];
const connections = (userId: number) => identity.resources.knex('social_accounts').where({ user_id: userId });

describe('the URL of a provider', () => {
  it('200 with client, redirect URI, scopes, state, nonce and an S256 challenge', async () => {
    const { body } = await identity.anonymous().get(`${OAUTH}/google/url`);
    const url = new URL(body.data.oauth_url);
    expect(url.origin).toBe(elsewhere.issuer);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'rivergate-google',
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid email profile',
      state: body.data.state,
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect([body.data.provider, body.message]).toEqual(['google', 'Continue at Google']);
    expect(body.data.state).toMatch(/^[\w-]{43}$/);
  });
  it('takes a state of the client, 8 to 512 characters', async () => {
    const state = 'my.state_of~the-client';
    expect((await begin('google', state)).state).toBe(state);
    for (const wrong of ['short', 'x'.repeat(513), 'with%20space', 'percent%25']) {
      const { status } = await identity.anonymous().get(`${OAUTH}/google/url?state=${wrong}`);
      expect([wrong.slice(0, 9), status]).toEqual([wrong.slice(0, 9), 422]);
    }
  });
  it('400 for a provider that nobody knows, or that is not set up', async () => {
    for (const provider of ['github', 'facebook', '__proto__', 'constructor']) {
      const url = await identity.anonymous().get(`${OAUTH}/${provider}/url`);
      expect(codeOf(url)).toEqual([400, 'INVALID_PROVIDER']);
      expect(codeOf(await finish({ error: 'x' }, provider))).toEqual([400, 'INVALID_PROVIDER']);
      for (const path of ['login', 'signup'] as const)
        expect(codeOf(await send(path, { code: 'x' }, provider))).toEqual([400, 'INVALID_PROVIDER']);
    }
  });
  it('leaves neither state nor verifier nor nonce to be read in the database', async () => {
    const { state, oauth_url } = await begin();
    const rows = JSON.stringify(await identity.resources.knex('social_states'));
    expect(rows).not.toContain(state);
    expect(rows).not.toContain(new URL(oauth_url).searchParams.get('nonce'));
  });
});

describe('the callback', () => {
  it('200 makes an account of who is unknown, and logs in who is known', async () => {
    const person = someone({ picture: 'https://pictures.example/ada.png' });
    const first = await callback(person);
    expect(first.status).toBe(200);
    expect(first.body.data).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      user_id: expect.any(Number),
      email: person.email,
      display_name: person.name,
      is_new_user: true,
      provider: 'google',
      message: 'Signed in with Google',
    });
    const { user_id } = first.body.data;
    const claims = identity.personOf(first, person.email);
    expect((await claims.caller.get('/api/v1/auth/me')).body.data).toMatchObject({
      user: { profile_image_url: person.picture },
      emails: [{ email: person.email, verified: true, is_primary: true }],
      security: { social_accounts_count: 1, connected_providers: ['google'] },
    });
    expect(await identity.resources.knex('terms_acceptances').where({ user_id })).toHaveLength(1);

    const second = await callback(person);
    expect(second.body.data).toMatchObject({ user_id, is_new_user: false });
    const actions = (await identity.audited(user_id)).map(({ action }) => action);
    expect(actions.filter(action => action === 'auth.social_account.connected')).toHaveLength(1);
    const logins = (await claims.caller.get('/api/v1/auth/login-history')).body.data.history;
    expect(logins.map((entry: { metadata: object }) => entry.metadata)).toEqual(
      Array(2).fill({ method: 'oauth', remember_me: false }),
    );
  });
  it('starts the first token in the personal organization, in a session of a day', async () => {
    const answer = await callback(someone());
    const { userId, accessToken } = identity.personOf(answer, '');
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ org_id: 1000 + userId, amr: ['fed'] });
    const session = await identity.resources.knex('sessions').where({ user_id: userId }).first();
    expect(session.expires_at - session.created_at).toBe(86_400_000);
  });
  it('ignores parameters that the provider adds', async () => {
    const sent = await returned(someone());
    expect((await finish({ ...sent, authuser: '0', prompt: 'consent' })).status).toBe(200);
  });
  it('checks error, code and state in this order', async () => {
    expect(codeOf(await finish({ error: 'access_denied', error_description: '<b>no</b>' }))).toEqual([
      400,
      'OAUTH_AUTHORIZATION_FAILED',
    ]);
    expect(codeOf(await finish({ state: 'unknown-state' }))).toEqual([400, 'MISSING_AUTHORIZATION_CODE']);
    expect(codeOf(await finish({ code: 'x' }))).toEqual([400, 'INVALID_STATE']);
    expect(codeOf(await finish({ code: 'x', state: 'unknown-state' }))).toEqual([400, 'INVALID_STATE']);
  });
  it('repeats nothing of what the provider is said to have answered', async () => {
    const { text } = await finish({ error: 'access_denied', error_description: 'call-this-number' });
    expect(text).not.toContain('call-this-number');
  });
});

describe('attacks on the way back', () => {
  it('a state works once: of ten callbacks at once one logs in, later ones never', async () => {
    const sent = await returned(someone());
    const answers = await Promise.all(Array.from({ length: 10 }, () => finish(sent)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(codeOf(await finish(sent))).toEqual([400, 'INVALID_STATE']);
  });
  it('a state is of its provider, and used up by coming to another one', async () => {
    const sent = await returned(someone());
    expect(codeOf(await finish(sent, 'microsoft'))).toEqual([400, 'INVALID_STATE']);
    expect(codeOf(await finish(sent, 'google'))).toEqual([400, 'INVALID_STATE']);
    const again = await returned(someone());
    expect(codeOf(await send('login', again, 'microsoft'))).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
  });
  it('a state is good for ten minutes', async () => {
    const sent = await returned(someone());
    await identity.resources.knex('social_states').update({ expires_at: new Date() });
    expect(codeOf(await finish(sent))).toEqual([400, 'INVALID_STATE']);
  });
  it('a code that is injected into another flow does not fit its verifier', async () => {
    const [victim, attacker] = [await returned(someone()), await returned(someone())];
    const injected = { ...attacker, code: victim.code! };
    expect(codeOf(await finish(injected))).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
  });
  it('a code of a flow does not pass without its state', async () => {
    const { code } = await returned(someone());
    expect(codeOf(await send('login', { code }))).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
  });
  it('an ID token with another nonce is refused, also where the code is good', async () => {
    const { oauth_url } = await begin();
    const url = new URL(oauth_url);
    url.searchParams.set('nonce', 'of-another-browser');
    const sent = await elsewhere.signIn(url.href, someone());
    expect(codeOf(await finish(sent))).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
    url.searchParams.delete('nonce');
    url.searchParams.set('state', (await begin()).state);
    expect(codeOf(await finish(await elsewhere.signIn(url.href, someone())))[0]).toBe(400);
  });
  it('a code of another issuer, or of one that does not say who it is, is refused (RFC 9207)', async () => {
    const { iss, ...sent } = await returned(someone());
    expect(iss).toBe(elsewhere.issuer);
    const mixedUp = await finish({ ...sent, iss: 'https://attacker.example' });
    expect(codeOf(mixedUp)).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
    const { iss: _, ...silent } = await returned(someone());
    expect(codeOf(await finish(silent))).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
    const given = await send('login', { ...(await returned(someone())), iss: 'https://attacker.example' });
    expect(codeOf(given)).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
  });
  it('an ID token that the published keys have not signed is refused, as are metadata of another issuer', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const others = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'test', alg: 'RS256' }] });
    const lies: Record<string, (response: ServerResponse) => void> = {
      '/jwks': response => response.setHeader('content-type', 'application/json').end(others),
    };
    const liar = await startIdentityProvider({
      clients: [clientOf('google')],
      async also({ url }, response) {
        lies[url!]?.(response);
        return url! in lies;
      },
    });
    const deceived = await startIdentityUnderTest(at('google', liar));
    try {
      const url = await deceived.anonymous().get(`${OAUTH}/google/url`);
      const sent = await liar.signIn(url.body.data.oauth_url, someone());
      const answer = await deceived.anonymous().post(`${OAUTH}/login`, { provider: 'google', ...sent });
      expect(codeOf(answer)).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
    } finally {
      await deceived.stop();
    }
    lies['/.well-known/openid-configuration'] = response =>
      response
        .setHeader('content-type', 'application/json')
        .end(
          JSON.stringify({ issuer: elsewhere.issuer, authorization_endpoint: `${elsewhere.issuer}/auth` }),
        );
    const another = await startIdentityUnderTest(at('google', liar));
    try {
      const url = await another.anonymous().get(`${OAUTH}/google/url`);
      expect(codeOf(url)).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    } finally {
      await another.stop();
      await liar.stop();
    }
  });
  it('parameters that come twice are refused', async () => {
    const sent = new URLSearchParams(await returned(someone()));
    sent.append('code', 'another');
    const { status } = await identity.anonymous().get(`${OAUTH}/google/callback?${sent}`);
    expect(status).toBe(422);
  });
  it('neither code nor token of the provider is kept', async () => {
    const sent = await returned(someone());
    await finish(sent);
    for (const table of ['social_accounts', 'social_states', 'users', 'audit_log', 'outbox']) {
      const rows = await identity.resources.knex.transaction(async db => {
        await db.raw("select set_config('rivergate.scope', 'platform', true)");
        return db(table);
      });
      expect(JSON.stringify(rows)).not.toContain(sent.code);
    }
  });
});

describe('whose account it is', () => {
  it('is found by the id at the provider, whatever addresses become', async () => {
    const person = someone();
    const { user_id } = (await login(person)).body.data;
    const other = await identity.person();
    for (const email of ['moved@example.com', other.email, undefined]) {
      const { body } = await login({ ...person, email, email_verified: email !== undefined });
      expect(body.data).toMatchObject({ user_id, email: person.email, is_new_user: false });
    }
  });
  it('is else found by a verified address, and connected', async () => {
    const { email, userId } = await identity.person();
    const person = someone({ email: email.toUpperCase() });
    expect((await login(person)).body.data).toMatchObject({ user_id: userId, email, is_new_user: false });
    expect(await connections(userId)).toMatchObject([{ provider: 'google', subject: person.sub }]);
    // The password stays: the owner has two ways in.
    expect((await identity.login(email)).status).toBe(200);
  });
  it('is never found by an address that the provider has not verified', async () => {
    const { email, userId } = await identity.person();
    for (const email_verified of [false, 'true', 1, undefined, null]) {
      const thief = { ...someone({ email, email_verified }) };
      expect(codeOf(await login(thief))).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
      expect(codeOf(await callback(thief))).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
      expect(codeOf(await signup(thief))).toEqual([400, 'SOCIAL_SIGNUP_FAILED']);
    }
    expect(await connections(userId)).toEqual([]);
  });
  it('is not made without a verified address', async () => {
    const unverified = someone({ email_verified: false });
    expect(codeOf(await login(unverified))).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
    expect(codeOf(await login({ ...unverified, email: undefined }))).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
    expect(
      codeOf(await login({ ...unverified, email: 'ünicode@example.com', email_verified: true })),
    ).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
    const held = await identity.resources.knex('email_addresses').where({ email: unverified.email });
    expect(held).toEqual([]);
  });
  it('is not found by an address on file that does not sign in any more', async () => {
    const { email, userId, caller } = await identity.person();
    const newEmail = identity.newAddress();
    await caller.post('/api/v1/auth/me/email/request', { new_email: newEmail });
    const otp_code = await identity.codeOf(newEmail);
    await caller.post('/api/v1/auth/me/email/verify', { new_email: newEmail, otp_code }).expect(200);
    expect(codeOf(await login(someone({ email })))).toEqual([400, 'SOCIAL_LOGIN_FAILED']);
    expect(codeOf(await signup(someone({ email })))).toEqual([409, 'EMAIL_TAKEN']);
    expect((await login(someone({ email: newEmail }))).body.data.user_id).toBe(userId);
  });
  it('is one, however many come for it at once', async () => {
    const person = someone();
    const sent = [];
    for (let flow = 0; flow < 10; flow++) sent.push(await returned(person));
    const answers = await Promise.all(sent.map(one => send('login', one)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(answers.map(({ body }) => body.data.user_id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.data.is_new_user)).toHaveLength(1);
  });
  it('is one, also where the provider tells another address each time', async () => {
    const person = someone();
    const { sub } = person;
    const changing = {
      sub,
      email_verified: true,
      get email() {
        return identity.newAddress();
      },
    };
    const sent = [];
    for (let flow = 0; flow < 5; flow++) sent.push(await returned(changing));
    const answers = await Promise.all(sent.map(one => send('login', one)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(new Set(answers.map(({ body }) => body.data.user_id)).size).toBe(1);
  });
  it('403 when it is suspended; nothing is connected, and the attempt is audited', async () => {
    const { email, userId } = await identity.person();
    await identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    expect(codeOf(await login(someone({ email })))).toEqual([403, 'ACCOUNT_DISABLED']);
    expect(await connections(userId)).toEqual([]);
    expect((await identity.audited(userId)).at(-1)).toMatchObject({
      action: 'auth.login.failure',
      metadata: { reason: 'account_disabled' },
    });
    const known = someone();
    const connected = (await login(known)).body.data.user_id;
    await identity.resources.knex('users').where({ id: connected }).update({ disabled_at: new Date() });
    expect(codeOf(await callback(known))).toEqual([403, 'ACCOUNT_DISABLED']);
  });
  it('keeps one account of a provider: another one with the same address takes its place', async () => {
    const first = someone();
    const { user_id } = (await login(first)).body.data;
    const second = someone({ email: first.email });
    expect((await login(second)).body.data.user_id).toBe(user_id);
    expect(await connections(user_id)).toMatchObject([{ subject: second.sub }]);
  });
});

describe('a registration that nobody verified', () => {
  it('is taken over: password, code, link and token of the registrant are void', async () => {
    const person = someone();
    const squatter = (await identity.signUp(person.email, { display_name: 'Support' })).body.data;
    const [otp_code, token] = [await identity.codeOf(person.email), await identity.linkTokenOf(person.email)];
    const { body } = await login(person);
    expect(body.data).toMatchObject({
      user_id: squatter.user_id,
      email: person.email,
      display_name: person.name,
      is_new_user: false,
    });
    const { temporary_token } = squatter;
    const post = (path: string, sent: object) => identity.anonymous().post(`/api/v1/auth/${path}`, sent);
    expect((await identity.login(person.email)).status).toBe(401);
    expect((await post('verify-otp', { temporary_token, otp_code })).status).toBe(401);
    expect((await post('verify-email', { token, temporary_token })).status).toBe(400);
    expect((await post('resend-signup-otp', { email: person.email, temporary_token })).status).toBe(401);
    const user = await identity.resources.knex('users').where({ id: squatter.user_id }).first();
    expect([user.password_hash, user.verified_at === null]).toEqual([null, false]);
  });
  it('ends where an organization was founded with it, which its founder had prepared', async () => {
    const person = someone();
    const founder = { email: person.email, password: PASSWORD, display_name: 'Trap', ip: null };
    const { body } = await identity.as(fellowService('organization')).post('/internal/users', founder);
    const answer = await login(person);
    expect(answer.body.data).toMatchObject({ is_new_user: true, display_name: person.name });
    expect(answer.body.data.user_id).not.toBe(body.data.user_id);
    expect((await identity.audited(body.data.user_id)).at(-1)!.action).toBe('user.removed');
  });
  it('is verified by its code or taken over, when both come at once', async () => {
    const person = someone();
    const { temporary_token, user_id } = (await identity.signUp(person.email)).body.data;
    const otp_code = await identity.codeOf(person.email);
    const sent = await returned(person);
    const [verified, loggedIn] = await Promise.all([
      identity.anonymous().post('/api/v1/auth/verify-otp', { temporary_token, otp_code }),
      send('login', sent),
    ]);
    expect([200, 401]).toContain(verified.status);
    expect(loggedIn.body.data).toMatchObject({ user_id });
    // Only who had verified it before keeps the password.
    expect((await identity.login(person.email)).status).toBe(verified.status);
  });
});

describe('social signup', () => {
  it('201 with an account at once, whose address counts as verified', async () => {
    const person = someone();
    const { status, body } = await signup(person, { terms_version: '2.3' });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({ email: person.email, is_new_user: true, provider: 'google' });
    const { user_id } = body.data;
    expect(await identity.resources.knex('terms_acceptances').where({ user_id })).toMatchObject([
      { terms_version: '2.3' },
    ]);
    const actions = (await identity.audited(user_id)).map(({ action }) => action);
    expect(actions).toEqual([
      'user.registered',
      'user.verified',
      'auth.social_account.connected',
      'auth.login.success',
    ]);
    expect(identity.mail.to(person.email)).toEqual([]);
  });
  it('409 for who is connected, and for an address that belongs to a user', async () => {
    const person = someone();
    await signup(person);
    expect(codeOf(await signup(person))).toEqual([409, 'EMAIL_TAKEN']);
    const { email } = await identity.person();
    expect(codeOf(await signup(someone({ email })))).toEqual([409, 'EMAIL_TAKEN']);
  });
  it('replaces a registration that nobody verified', async () => {
    const person = someone();
    const registered = (await identity.signUp(person.email)).body.data;
    const { status, body } = await signup(person);
    expect([status, body.data.is_new_user]).toEqual([201, true]);
    expect(body.data.user_id).not.toBe(registered.user_id);
  });
  it('422 where the terms are refused; the code is not spent by that', async () => {
    const sent = await returned(someone());
    expect((await send('signup', { ...sent, agree_to_terms: false })).status).toBe(422);
    expect((await send('signup', sent)).status).toBe(201);
  });
  it('counts together with signup, per address', async () => {
    const limited = await startIdentityUnderTest({
      RATE_LIMIT_SIGNUP: '3/300',
      ...at('google', elsewhere),
    });
    try {
      const tried = { provider: 'google', code: 'x' };
      await limited.signUp(limited.newAddress());
      for (const status of [400, 400, 429])
        await limited.anonymous().post(`${OAUTH}/signup`, tried).expect(status);
    } finally {
      await limited.stop();
    }
  });
});

describe('social login by a client', () => {
  it('takes a code that the client asked for itself, without state', async () => {
    const person = someone();
    const own = new URL('/auth', elsewhere.issuer);
    own.search = new URLSearchParams({
      client_id: 'rivergate-google',
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid email profile',
    }).toString();
    const { code } = await elsewhere.signIn(own.href, person);
    const { status, body } = await send('login', { code });
    expect([status, body.data.email]).toEqual([200, person.email]);
  });
  it('422 for what is no code, and for what the contract does not know', async () => {
    for (const sent of [{}, { code: '' }, { code: 7 }, { code: 'x', remember_me: true }])
      expect((await send('login', sent)).status).toBe(422);
  });
  it('400 while the provider does not answer, and 503 for its URL', async () => {
    const gone = await startIdentityProvider({ clients: [] });
    await gone.stop();
    const offline = await startIdentityUnderTest({
      ...at('google', gone),
    });
    try {
      expect(codeOf(await offline.anonymous().get(`${OAUTH}/google/url`))).toEqual([
        503,
        'UPSTREAM_UNAVAILABLE',
      ]);
      const tried = { provider: 'google', code: 'x' };
      expect(codeOf(await offline.anonymous().post(`${OAUTH}/login`, tried))).toEqual([
        400,
        'SOCIAL_LOGIN_FAILED',
      ]);
    } finally {
      await offline.stop();
    }
  });
});

describe('connected accounts', () => {
  it('200 with one entry a provider, as it last gave address and name', async () => {
    const person = someone();
    const first = identity.personOf(await login(person), person.email);
    await login({ ...person, email: 'moved@example.com', name: 'Ada Lovelace' });
    const { status, body } = await first.caller.get('/api/v1/auth/social-accounts');
    expect([status, body.data]).toEqual([
      200,
      {
        accounts: [
          {
            provider: 'google',
            connected_at: expect.stringMatching(/Z$/),
            last_used_at: expect.stringMatching(/Z$/),
            email: 'moved@example.com',
            display_name: 'Ada Lovelace',
          },
        ],
        total: 1,
      },
    ]);
    const [{ connected_at, last_used_at }] = body.data.accounts;
    expect(last_used_at > connected_at).toBe(true);
  });
  it('are none of a user without, and nobody else’s', async () => {
    const { caller } = await identity.person();
    expect((await caller.get('/api/v1/auth/social-accounts')).body.data).toEqual({ accounts: [], total: 0 });
    expect((await identity.anonymous().get('/api/v1/auth/social-accounts')).status).toBe(401);
  });
  it('end with the sign-in that connected them, if its owner disowns it, as do later ones by them', async () => {
    const owner = await identity.person();
    const thief = someone({ email: owner.email });
    const from = async (ip: string) =>
      identity.anonymous(ip).post(`${OAUTH}/login`, { provider: 'google', ...(await returned(thief)) });
    const connecting = identity.personOf(await from('198.51.100.9'), owner.email);
    const later = identity.personOf(await from('198.51.100.9'), owner.email);
    const notice = await eventually(() =>
      identity.mail.to(owner.email).find(({ subject }) => subject === 'New sign-in to your account'),
    );
    const token = /not-me\?token=([\w-]+)/.exec(notice.text)![1]!;
    await identity.anonymous().post('/api/v1/auth/not-me', { token }).expect(200);
    expect(await connections(owner.userId)).toEqual([]);
    const ended = await identity.resources
      .knex('sessions')
      .where({ user_id: owner.userId, revoke_reason: 'disowned' })
      .orderBy('id')
      .pluck('id');
    expect(ended).toEqual([connecting.sessionId, later.sessionId]);
    const actions = (await identity.audited(owner.userId)).map(({ action }) => action);
    expect(actions).toContain('auth.social_account.disconnected');
  });
});
