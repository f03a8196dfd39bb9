import { createHmac } from 'node:crypto';
import { expectError } from '@rivergate/testing';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { CALLBACK, ISSUER, type TestApplication } from '../testing/oauth-fixture.ts';
import { openidFixture } from '../testing/openid-fixture.ts';

let identity: IdentityUnderTest;
let openid: ReturnType<typeof openidFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  openid = openidFixture(identity);
  [application, person] = [await openid.application(), await identity.person()];
});
afterAll(() => identity?.stop());

type Parameters = Record<string, string | undefined>;

const request = (more: Parameters, app = application) => ({
  client_id: app.client_id,
  redirect_uri: CALLBACK,
  scope: 'openid',
  ...more,
});
/** The outcome of each way to authorize: `code`, or the error that the client is told. */
const outcomes = async (more: Parameters, who = person, app = application) => {
  const url = await openid.authorize(app, who, { scope: 'openid', ...more });
  const form = openid.form({ ...request(more, app), approve: 'true' });
  const posted = await openid.send('/oauth/authorize', form, who.caller).expect(302);
  return [url, new URL(posted.headers.get('location')!)].map(({ searchParams }) =>
    searchParams.has('code') ? 'code' : searchParams.get('error'),
  );
};
const asJson = (more: Parameters, who = person, app = application) =>
  who.caller.post('/api/v1/oauth/authorize', { ...request(more, app), approve: true });
const info = async (more: Parameters, by = person.caller, app = application) =>
  (await by.get(`/api/v1/oauth/app-info?${openid.form(request(more, app))}`).expect(200)).body.data;
const errorIn = (url: string) => new URL(url).searchParams.get('error');

describe('a request that cannot be understood', () => {
  it.each<[string, Parameters, string]>([
    ['prompt none beside another', { prompt: 'none login' }, 'invalid_request'],
    ['a prompt that is none', { prompt: 'register' }, 'invalid_request'],
    ['prompt none beside create', { prompt: 'create none' }, 'invalid_request'],
    ['a negative max_age', { max_age: '-1' }, 'invalid_request'],
    ['a max_age that is no number', { max_age: 'soon' }, 'invalid_request'],
    ['a response_mode that is not offered', { response_mode: 'fragment' }, 'invalid_request'],
    ['claims that are no JSON', { claims: '{' }, 'invalid_request'],
    ['claims that are no object', { claims: '[]' }, 'invalid_request'],
    ['claims of another shape', { claims: '{"userinfo":{"email":true}}' }, 'invalid_request'],
    [
      'more claims than there are',
      {
        claims: JSON.stringify({
          userinfo: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [i, null])),
        }),
      },
      'invalid_request',
    ],
    [
      'more values than anybody needs',
      { claims: JSON.stringify({ id_token: { acr: { values: Array(51).fill('phr') } } }) },
      'invalid_request',
    ],
    ['an ID token that is none', { id_token_hint: 'x.y.z' }, 'invalid_request'],
    ['a request object', { request: new UnsecuredJWT({ prompt: 'none' }).encode() }, 'request_not_supported'],
    ['a request elsewhere', { request_uri: 'https://app.example.com/r' }, 'request_uri_not_supported'],
    ['a registration', { registration: '{}' }, 'registration_not_supported'],
  ])('%s is told to the client, also by who may not ask anybody', async (_, more, code) => {
    expect(await outcomes(more)).toEqual([code, code]);
    const { redirect_url } = (await asJson({ state: 'st', ...more }).expect(200)).body.data;
    expect(redirect_url).toBe(`${CALLBACK}&error=${code}&state=st&iss=${encodeURIComponent(ISSUER)}`);
    expect((await info({ state: 'st', ...more }, identity.anonymous())).redirect_url).toBe(redirect_url);
  });

  it('leads nowhere where it is larger than anything that is meant', async () => {
    for (const more of [
      { claims: `{"a":"${'x'.repeat(4_096)}"}` },
      { nonce: 'n'.repeat(513) },
      { id_token_hint: 'x'.repeat(8_193) },
    ]) {
      const form = openid.form({ ...request(more), approve: 'true' });
      const answer = await openid.send('/oauth/authorize', form, person.caller);
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expectError(await asJson(more), 422, 'VALIDATION_ERROR');
    }
  });

  it('is not one for parameters that change nothing here', async () => {
    const more = {
      display: 'popup',
      ui_locales: 'de fr',
      claims_locales: 'de',
      login_hint: person.email,
      response_mode: 'query',
    };
    expect(
      await outcomes({
        ...more,
        claims: '{"elsewhere":1,"userinfo":null,"id_token":{"unknown":{"values":[{"a":1}]}}}',
      }),
    ).toEqual(['code', 'code']);
    const deep = `${'{"userinfo":'.repeat(300)}{}${'}'.repeat(300)}`;
    expect(await outcomes({ claims: deep })).toEqual(['code', 'code']);
  });
});

it('tells the page whether to begin with making an account, and which address to fill in', async () => {
  const told = async (more: Parameters) => {
    const { registration_wanted, login_hint } = await info(more, identity.anonymous());
    return [registration_wanted, login_hint];
  };
  expect(await told({})).toEqual([false, null]);
  expect(await told({ prompt: 'create', login_hint: 'new@example.com' })).toEqual([true, 'new@example.com']);
  expect(await told({ prompt: 'create consent' })).toEqual([true, null]);
  const pushed = { ...request({ prompt: 'create', login_hint: 'new@example.com' }), response_type: 'code' };
  const form = openid.form({ ...pushed, client_secret: application.client_secret });
  const { request_uri } = (await openid.send('/oauth/par', form)).body;
  const beside = { request_uri, prompt: 'login', login_hint: 'other@example.com', redirect_uri: undefined };
  expect(await told(beside)).toEqual([true, 'new@example.com']);
});

describe('max_age, prompt=login and prompt=create', () => {
  it('are refused to who was authenticated earlier, whatever a page says', async () => {
    for (const [more, secondsAgo, outcome] of [
      [{ max_age: '3600' }, 3_500, 'code'],
      [{ max_age: '3600' }, 3_700, 'login_required'],
      [{ max_age: '0' }, 200, 'code'],
      [{ max_age: '0' }, 400, 'login_required'],
      [{ prompt: 'login' }, 200, 'code'],
      [{ prompt: 'login' }, 400, 'login_required'],
      [{ prompt: 'create' }, 200, 'code'],
      [{ prompt: 'create' }, 400, 'login_required'],
      [{ prompt: 'login consent', max_age: '9000' }, 400, 'login_required'],
      [{ max_age: '' }, 80_000, 'code'],
    ] as const) {
      await openid.authenticated(person, secondsAgo);
      expect([more, secondsAgo, await outcomes(more)]).toEqual([more, secondsAgo, [outcome, outcome]]);
      const json = await asJson(more);
      if (outcome === 'code') expect(json.status).toBe(200);
      else expectError(json, 403, 'LOGIN_REQUIRED');
    }
  });

  it('have the page ask for another sign-in before anybody decides', async () => {
    await openid.authenticated(person, 100);
    const required = async (more: Parameters, by = person.caller) =>
      (await info(more, by)).viewer?.sign_in_required;
    expect(await required({})).toBe(false);
    expect(await required({ max_age: '200' })).toBe(false);
    expect(await required({ max_age: '50' })).toBe(true);
    expect(await required({ prompt: 'create' })).toBe(true);
    expect(await required({ prompt: 'login' })).toBe(true);
    expect(await required({}, identity.anonymous())).toBeUndefined();
  });

  it('never keep anybody from refusing', async () => {
    await openid.authenticated(person, 4_000);
    const { body } = await person.caller
      .post('/api/v1/oauth/authorize', { ...request({ max_age: '60' }), approve: false })
      .expect(200);
    expect(errorIn(body.data.redirect_url)).toBe('access_denied');
    await openid.authenticated(person, 0);
  });
});

describe('prompt=none', () => {
  it('gives a code for what the user has agreed to before, and for nothing beyond', async () => {
    const own = await openid.application();
    const silent = (more: Parameters = {}) => outcomes({ prompt: 'none', ...more }, person, own);
    const both = (outcome: string) => [outcome, outcome];
    expect(await silent()).toEqual(both('consent_required'));
    expect((await info({}, person.caller, own)).viewer.consent_remembered).toBe(false);
    await asJson({ scope: 'openid email' }, person, own).expect(200);
    expect(await silent()).toEqual(both('code'));
    expect(await silent({ scope: 'openid email' })).toEqual(both('code'));
    for (const more of [
      { scope: 'openid profile' },
      { scope: 'openid read' },
      { scope: 'openid offline_access' },
      { claims: '{"userinfo":{"name":null}}' },
      { claims: '{"id_token":{"picture":null}}' },
    ]) {
      expect([more, await silent(more)]).toEqual([more, both('consent_required')]);
      expect((await info(more, person.caller, own)).viewer.consent_remembered).toBe(false);
      const told = await info({ prompt: 'none', ...more }, person.caller, own);
      expect(errorIn(told.redirect_url)).toBe('consent_required');
      const json = await asJson({ prompt: 'none', ...more }, person, own).expect(200);
      expect(errorIn(json.body.data.redirect_url)).toBe('consent_required');
    }
    const again = await info({ scope: 'openid email' }, person.caller, own);
    expect([again.viewer.consent_remembered, again.redirect_url]).toEqual([true, null]);
    const another = await identity.person();
    expect(await outcomes({ prompt: 'none' }, another, own)).toEqual(both('consent_required'));
  });

  it('asks where another program could listen in place of the client', async () => {
    const redirect_uri = 'http://127.0.0.1/cb';
    const own = await openid.application({ redirect_uris: [CALLBACK, redirect_uri] });
    await asJson({ redirect_uri }, person, own).expect(200);
    expect(await outcomes({ prompt: 'none', redirect_uri }, person, own)).toEqual([
      'consent_required',
      'consent_required',
    ]);
    expect(await outcomes({ prompt: 'none' }, person, own)).toEqual(['code', 'code']);
  });

  it('tells the client that somebody would have to sign in', async () => {
    const nobody = await info({ prompt: 'none', state: 'st' }, identity.anonymous());
    expect(errorIn(nobody.redirect_url)).toBe('login_required');
    await asJson({}).expect(200);
    await openid.authenticated(person, 4_000);
    const { redirect_url } = (await asJson({ prompt: 'none', max_age: '60' }).expect(200)).body.data;
    expect(errorIn(redirect_url)).toBe('login_required');
    await openid.authenticated(person, 0);
  });

  it('is worth nothing once the user is no member, or the application has lost the scope', async () => {
    const own = await openid.application();
    const leaving = await identity.person();
    const scope = 'openid write';
    await asJson({ scope }, leaving, own).expect(200);
    await own.admin.patch(own.path, { scopes: ['read'] }).expect(200);
    expect(await outcomes({ prompt: 'none', scope }, leaving, own)).toEqual([
      'invalid_scope',
      'invalid_scope',
    ]);
    await own.admin.patch(own.path, { scopes: ['read', 'write'] }).expect(200);
    expect(await outcomes({ prompt: 'none', scope }, leaving, own)).toEqual([
      'consent_required',
      'consent_required',
    ]);
    expect(await outcomes({ prompt: 'none' }, leaving, own)).toEqual(['code', 'code']);
    identity.organization.removed.add(leaving.userId);
    expect(await outcomes({ prompt: 'none' }, leaving, own)).toEqual(['access_denied', 'access_denied']);
  });
});

describe('the user who is expected', () => {
  it('is the one of the ID token, and of the claim sub', async () => {
    const { id_token } = await openid.signIn(application, person);
    const other = await identity.person();
    const bySub = JSON.stringify({ id_token: { sub: { value: String(person.userId) } } });
    for (const more of [{ id_token_hint: id_token }, { claims: bySub }]) {
      expect(await outcomes(more)).toEqual(['code', 'code']);
      expect(await outcomes(more, other)).toEqual(['login_required', 'login_required']);
      expectError(await asJson(more, other), 403, 'LOGIN_REQUIRED');
      expect((await info(more, other.caller)).viewer.sign_in_required).toBe(true);
      expect(errorIn((await info({ prompt: 'none', ...more }, other.caller)).redirect_url)).toBe(
        'login_required',
      );
    }
  });

  it('is nobody by a token that is not an ID token of this platform for this client', async () => {
    const { id_token, access_token } = await openid.signIn(application, person);
    const claims = decodeJwt(id_token);
    const [header, payload] = id_token.split('.');
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const { keys } = (await identity.anonymous().get('/.well-known/jwks.json')).body;
    const symmetric = `${Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: keys[0].kid })).toString('base64url')}.${payload}`;
    const foreign = (more: object) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'JWT', ...more }).sign(privateKey);
    for (const id_token_hint of [
      new UnsecuredJWT(claims).encode(),
      `${header}.${payload}.`,
      `${symmetric}.${createHmac('sha256', JSON.stringify(keys[0])).update(symmetric).digest('base64url')}`,
      await foreign({ kid: keys[0].kid }),
      await foreign({ jwk: await exportJWK(publicKey) }),
      `${id_token.slice(0, -4)}AAAA`,
      access_token,
      person.accessToken,
      (await openid.signIn(await openid.application(), person)).id_token,
    ])
      expect(await outcomes({ id_token_hint })).toEqual(['invalid_request', 'invalid_request']);
  });
});

describe('an authentication context', () => {
  const essential = (...values: string[]) =>
    JSON.stringify({ id_token: { acr: { essential: true, values } } });

  it('that is essential and was not reached is refused', async () => {
    await openid.authenticated(person, 0, ['pwd']);
    const more = { claims: essential('phr', 'urn:rivergate:acr:mfa') };
    const code = 'unmet_authentication_requirements';
    expect(await outcomes(more)).toEqual([code, code]);
    expect(errorIn((await asJson(more).expect(200)).body.data.redirect_url)).toBe(code);
    expect((await info(more)).viewer.sign_in_required).toBe(true);
    await openid.authenticated(person, 0, ['pop', 'user', 'mfa']);
    expect(await outcomes(more)).toEqual(['code', 'code']);
    expect(await outcomes({ claims: essential('unknown') })).toEqual([code, code]);
    await openid.authenticated(person, 0, ['pwd']);
  });
});

describe('the consent screen', () => {
  it('is told what is asked of the person, by scopes and by claims', async () => {
    const told = await info({ scope: 'openid offline_access read', claims: '{"userinfo":{"email":null}}' });
    expect(told).toMatchObject({
      requested_scopes: ['read'],
      identity_scopes: ['openid', 'email', 'offline_access'],
    });
    expect(await info({ scope: 'openid', prompt: 'select_account' })).toMatchObject({
      requested_scopes: [],
      identity_scopes: ['openid'],
    });
  });
});
