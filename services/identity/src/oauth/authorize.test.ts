import { byToken, expectError, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import {
  CALLBACK,
  ISSUER,
  oauthFixture,
  refusal,
  S256,
  type TestApplication,
} from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  [application, person] = [await oauth.application(), await identity.person()];
});
afterAll(() => identity?.stop());

const query = (more: Record<string, string | undefined> = {}) =>
  oauth.form({ response_type: 'code', client_id: application.client_id, redirect_uri: CALLBACK, ...more });
const get = (more?: Record<string, string | undefined>) =>
  person.caller.get(`/oauth/authorize?${query(more)}`);
const consent = (more: Record<string, string | undefined> = {}) =>
  oauth.send(
    '/oauth/authorize',
    oauth.form({ client_id: application.client_id, redirect_uri: CALLBACK, approve: 'true', ...more }),
    person.caller,
  );
const asJson = (more: object = {}) =>
  person.caller.post('/api/v1/oauth/authorize', {
    client_id: application.client_id,
    redirect_uri: CALLBACK,
    approve: true,
    ...more,
  });
const actions = async () => (await identity.audited(person.userId)).map(({ action }) => action);
const grants = async () => Number((await identity.resources.knex('oauth_grants').count('* as n').first())!.n);

/** The three ways to authorize, each giving the address that the client gets. */
const WAYS = [
  ['GET', async (more: Record<string, string>) => (await get(more).expect(302)).headers.get('location')!],
  [
    'POST',
    async (more: Record<string, string>) => (await consent(more).expect(302)).headers.get('location')!,
  ],
  ['JSON', async (more: Record<string, string>) => (await asJson(more).expect(200)).body.data.redirect_url],
] as const;

describe.each(WAYS)('an approval by %s', (_, approve) => {
  it('leads back with a code, the state as it was, iss, and the query that was there', async () => {
    const state = 'a b&c=ü"<>%00\'/?#';
    const url = new URL(await approve({ state, scope: 'read' }));
    expect(`${url.origin}${url.pathname}`).toBe('https://app.example.com/callback');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      kept: '1',
      code: expect.stringMatching(/^[\w-]{43}$/),
      state,
      iss: ISSUER,
    });
    expect(await actions()).toContain('oauth.authorization.approved');
  });

  it('leads to another port of a registered loopback address, and nowhere near a registered one', async () => {
    const local = await oauth.application({ redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]/cb'] });
    for (const redirect_uri of ['http://127.0.0.1:4711/cb', 'http://[::1]:4711/cb'])
      expect(await approve({ client_id: local.client_id, redirect_uri })).toMatch(`${redirect_uri}?code=`);
  });
});

const NEAR_MISSES = [
  'https://app.example.com/Callback?kept=1',
  'https://APP.example.com/callback?kept=1',
  'https://app.example.com/callback/?kept=1',
  'https://app.example.com/callback',
  'https://app.example.com/callback?kept=1&more=1',
  'https://app.example.com:443/callback?kept=1',
  'https://app.example.com/callback?kept=1#x',
  'https://app.example.com@evil.example/callback?kept=1',
  'https://evil.example/?https://app.example.com/callback?kept=1',
  '//evil.example',
  '/callback?kept=1',
  'javascript:alert(1)',
];

describe('nothing leads to an address that is not registered', () => {
  it.each(NEAR_MISSES)('%s', async redirect_uri => {
    const before = await grants();
    for (const answer of [
      await get({ redirect_uri }),
      await get({ redirect_uri, scope: 'everything' }),
      await consent({ redirect_uri }),
      await consent({ redirect_uri, approve: 'false' }),
    ]) {
      expect(refusal(answer)).toEqual([400, 'invalid_request']);
      expect(answer.headers.get('location')).toBeNull();
    }
    expectError(await asJson({ redirect_uri }), 400, 'INVALID_REDIRECT_URI');
    expectError(await asJson({ redirect_uri, approve: false }), 400, 'INVALID_REDIRECT_URI');
    const { client_id } = application;
    const info = `/api/v1/oauth/app-info?${oauth.form({ client_id, redirect_uri })}`;
    expectError(await identity.anonymous().get(info), 400, 'INVALID_REDIRECT_URI');
    expect(await grants()).toBe(before);
  });

  it('for a request that is malformed, or from an unknown or revoked client', async () => {
    const revoked = await oauth.application();
    await revoked.admin.post(`${revoked.path}/revoke`).expect(200);
    for (const client_id of ['x', '00000000-0000-4000-8000-000000000000', revoked.client_id]) {
      for (const answer of [await get({ client_id }), await consent({ client_id })]) {
        expect(refusal(answer)).toEqual([400, 'invalid_client']);
        expect(answer.headers.get('location')).toBeNull();
      }
      expectError(await asJson({ client_id }), 400, 'INVALID_CLIENT');
    }
    for (const answer of [
      await get({ response_type: 'token' }),
      await get({ response_type: undefined }),
      await get({ client_id: undefined }),
      await get({ redirect_uri: undefined }),
      await get({ redirect_uri: '' }),
      await person.caller.get(`/oauth/authorize?${query()}&state=1&state=2`),
      await consent({ approve: undefined }),
      await consent({ approve: 'yes' }),
      await oauth.send(
        '/oauth/authorize',
        `${oauth.form({ client_id: application.client_id, redirect_uri: CALLBACK, approve: 'true' })}&approve=false`,
        person.caller,
      ),
    ])
      expect(refusal(answer)).toEqual([400, 'invalid_request']);
  });
});

describe('what a client is told by redirect', () => {
  const told = async (answer: PromiseLike<{ headers: Headers; status: number }>) => {
    const { status, headers } = await answer;
    const parameters = new URL(headers.get('location') ?? 'none:').searchParams;
    return [status, parameters.get('error'), parameters.get('state'), parameters.get('iss')];
  };

  it.each([
    ['a scope beyond the application', { scope: 'read admin' }, 'invalid_scope'],
    ['a scope that is none', { scope: 'everything' }, 'invalid_scope'],
    ['a scope with two spaces', { scope: 'read  write' }, 'invalid_scope'],
    ['a method without a challenge', { code_challenge_method: 'S256' }, 'invalid_request'],
    ['a challenge that is too short', { code_challenge: 'x'.repeat(42) }, 'invalid_request'],
    ['a challenge that is too long', { code_challenge: 'x'.repeat(129) }, 'invalid_request'],
    ['a challenge with other characters', { code_challenge: '='.repeat(43) }, 'invalid_request'],
    ['a method that is none', { code_challenge: S256, code_challenge_method: 's256' }, 'invalid_request'],
  ])('%s', async (_, more, code) => {
    const expected = [302, code, 'st', ISSUER];
    expect(await told(get({ state: 'st', ...more }))).toEqual(expected);
    expect(await told(consent({ state: 'st', ...more }))).toEqual(expected);
    expect(await told(consent({ state: 'st', approve: 'false', ...more }))).toEqual(expected);
    const answer = await asJson(more);
    if (code === 'invalid_scope') expectError(answer, 400, 'INVALID_SCOPE');
    else expectError(answer, 422, 'VALIDATION_ERROR');
  });

  it('an application without the grant', async () => {
    const { client_id } = await oauth.application({ grant_types: ['client_credentials'] });
    expect(await told(get({ client_id }))).toEqual([302, 'unauthorized_client', null, ISSUER]);
    expectError(await asJson({ client_id }), 400, 'UNAUTHORIZED_CLIENT');
  });

  it('somebody who is no member, or is none any more', async () => {
    const outsider = await identity.person();
    identity.organization.removed.add(outsider.userId);
    expect(await told(outsider.caller.get(`/oauth/authorize?${query()}`))).toEqual([
      302,
      'access_denied',
      null,
      ISSUER,
    ]);
    const { client_id } = application;
    const json = { client_id, redirect_uri: CALLBACK, approve: true };
    expectError(await outsider.caller.post('/api/v1/oauth/authorize', json), 403, 'FORBIDDEN');
  });

  it('a refusal, with an entry in the audit log and without a code', async () => {
    const before = await grants();
    expect(await told(consent({ approve: 'false', state: 'st' }))).toEqual([
      302,
      'access_denied',
      'st',
      ISSUER,
    ]);
    const { data } = (await asJson({ approve: false, state: 'st' }).expect(200)).body;
    expect(data.redirect_url).toBe(
      `${CALLBACK}&error=access_denied&state=st&iss=${encodeURIComponent(ISSUER)}`,
    );
    expect(await grants()).toBe(before);
    expect((await actions()).filter(action => action === 'oauth.authorization.refused')).toHaveLength(2);
  });
});

describe('who authorizes', () => {
  it('is signed in by a session: no token, and no cookie', async () => {
    for (const answer of [
      await identity.anonymous().get(`/oauth/authorize?${query()}`),
      await identity
        .anonymous()
        .get(`/oauth/authorize?${query()}`, { headers: { cookie: `access_token=${person.accessToken}` } }),
    ])
      expect(refusal(answer)).toEqual([401, 'invalid_token']);
    const user = byToken(signedIn({ userId: person.userId }), { scope: ['read', 'write', 'admin'] });
    const kinds = [
      user,
      { ...user, token: { ...user.token!, kind: 'oauth' as const }, clientId: application.client_id },
      { ...user, kind: 'client' as const, userId: null },
    ];
    for (const principal of kinds) {
      const by = identity.as(principal);
      expect(refusal(await by.get(`/oauth/authorize?${query()}`))).toEqual([403, 'insufficient_scope']);
      const sent = oauth.form({ client_id: application.client_id, redirect_uri: CALLBACK, approve: 'true' });
      expect(refusal(await oauth.send('/oauth/authorize', sent, by))).toEqual([403, 'insufficient_scope']);
      const json = { client_id: application.client_id, redirect_uri: CALLBACK, approve: true };
      expectError(await by.post('/api/v1/oauth/authorize', json), 403, 'FORBIDDEN');
    }
  });

  it('is answered in a way that no cache and no referrer keeps', async () => {
    for (const answer of [await get(), await get({ client_id: 'x' }), await consent()]) {
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  it('sends what is taken there: a form, or JSON', async () => {
    const json = JSON.stringify({ client_id: application.client_id, redirect_uri: CALLBACK, approve: true });
    const wrong = await oauth.send('/oauth/authorize', json, person.caller, {
      'content-type': 'application/json',
    });
    expect(refusal(wrong)).toEqual([415, 'invalid_request']);
    const form = await oauth.send('/api/v1/oauth/authorize', 'approve=true', person.caller);
    expectError(form, 415, 'UNSUPPORTED_MEDIA_TYPE');
    await asJson({ response_type: 'code', utm_source: 'x' }).expect(200);
    expectError(await asJson({ code_challenge_method: 'S256' }), 422, 'VALIDATION_ERROR');
  });
});

describe('the consent screen', () => {
  const info = (more: Record<string, string | undefined> = {}) =>
    identity
      .anonymous()
      .get(
        `/api/v1/oauth/app-info?${oauth.form({ client_id: application.client_id, redirect_uri: CALLBACK, ...more })}`,
      );

  it('is told who asks for what', async () => {
    const { data } = (await info({ scope: 'read' }).expect(200)).body;
    expect(data).toEqual({
      app_name: expect.stringMatching(/^App/),
      description: null,
      scopes: ['read', 'write'],
      requested_scopes: ['read'],
      identity_scopes: [],
      organization_name: `Organization ${application.organizationId}`,
      redirect_uri: CALLBACK,
      verified: true,
      denial_url: `${CALLBACK}&error=access_denied&iss=${encodeURIComponent(ISSUER)}`,
      viewer: null,
      redirect_url: null,
      branding: null,
      login_hint: null,
      registration_wanted: false,
    });
    const denied = (await info({ state: 'a&b', utm_source: 'x' }).expect(200)).body.data.denial_url;
    expect(denied).toBe(`${CALLBACK}&error=access_denied&state=a%26b&iss=${encodeURIComponent(ISSUER)}`);
    expect((await info().expect(200)).body.data.requested_scopes).toEqual(['read', 'write']);
  });

  it('is told what is wrong, before the user is asked', async () => {
    expectError(await info({ client_id: 'x' }), 400, 'INVALID_CLIENT');
    expectError(await info({ scope: 'admin' }), 400, 'INVALID_SCOPE');
    expectError(await info({ client_id: undefined }), 422, 'VALIDATION_ERROR');
    expectError(await info({ redirect_uri: undefined }), 422, 'VALIDATION_ERROR');
  });
});

describe('the viewer of a consent screen', () => {
  const LOOPBACK = 'http://127.0.0.1/cb';
  const seen = async (
    { client_id }: TestApplication,
    by: Person['caller'],
    more: Record<string, string | undefined> = {},
  ) => {
    const query = oauth.form({ client_id, redirect_uri: CALLBACK, ...more });
    return (await by.get(`/api/v1/oauth/app-info?${query}`).expect(200)).body.data;
  };
  const remembered = async (...asked: Parameters<typeof seen>) =>
    (await seen(...asked)).viewer.consent_remembered;

  it('is remembered for what they agreed to, as themselves and with that application', async () => {
    const [app, other] = [await oauth.application(), await oauth.application()];
    const [user, stranger] = [await identity.person(), await identity.person()];
    const read = { scope: 'read' };
    expect(await remembered(app, user.caller)).toBe(false);
    await oauth.code(app, user, read);
    expect(await remembered(app, user.caller, read)).toBe(true);
    expect(await remembered(app, user.caller, { scope: 'read write' })).toBe(false);
    expect(await remembered(app, user.caller)).toBe(false);
    expect(await remembered(other, user.caller, read)).toBe(false);
    expect(await remembered(app, stranger.caller, read)).toBe(false);
    expect((await seen(app, identity.anonymous(), read)).viewer).toBeNull();
  });

  it('is asked each time where the answer goes to their own machine, where any program may listen', async () => {
    const app = await oauth.application({ redirect_uris: [CALLBACK, LOOPBACK, 'https://localhost/cb'] });
    const user = await identity.person();
    await oauth.code(app, user);
    for (const redirect_uri of [LOOPBACK, 'http://127.0.0.1:4711/cb', 'https://localhost/cb'])
      expect(await remembered(app, user.caller, { redirect_uri })).toBe(false);
    expect(await remembered(app, user.caller)).toBe(true);
  });

  it('is a member or not, which the client is told at once where nobody may be asked', async () => {
    const app = await oauth.application();
    const user = await identity.person();
    expect((await seen(app, user.caller)).viewer).toMatchObject({ is_member: true, is_active: false });
    identity.organization.everybodyIn.delete(app.organizationId);
    expect((await seen(app, user.caller)).viewer.is_member).toBe(false);
    const { redirect_url } = await seen(app, user.caller, { prompt: 'none' });
    expect(new URL(redirect_url).searchParams.get('error')).toBe('access_denied');
  });
});
