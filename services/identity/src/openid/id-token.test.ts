import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { ISSUER, refusal, S256, type TestApplication, VERIFIER } from '../testing/oauth-fixture.ts';
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

describe('an ID token', () => {
  it('says who signed in, when, how, for whom, in which session, and beside which access token', async () => {
    await openid.authenticated(person, 60, ['pwd', 'otp', 'mfa']);
    const { id_token, access_token } = await openid.signIn(application, person, { nonce: 'n-0S6_WzA2Mj' });
    const claims = await openid.verified(id_token, application);
    const now = Math.floor(Date.now() / 1_000);
    const { iat, auth_time } = claims as { iat: number; auth_time: number };
    expect(Math.abs(now - iat)).toBeLessThan(10);
    expect(Math.abs(now - 60 - auth_time)).toBeLessThan(10);
    const digest = createHash('sha256').update(access_token).digest();
    expect(claims).toEqual({
      iss: ISSUER,
      sub: String(person.userId),
      aud: application.client_id,
      azp: application.client_id,
      iat,
      exp: iat + 3_600,
      auth_time,
      nonce: 'n-0S6_WzA2Mj',
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'urn:rivergate:acr:mfa',
      sid: String(person.sessionId),
      at_hash: digest.subarray(0, 16).toString('base64url'),
    });
  });

  it('is signed by ES256, or by RS256 where the application asks for that, from its next token on', async () => {
    const first = await openid.signIn(application, person);
    expect(decodeProtectedHeader(first.id_token)).toMatchObject({ alg: 'ES256', typ: 'JWT' });
    const rsa = await openid.application({ id_token_signed_response_alg: 'RS256' });
    const { id_token, access_token, refresh_token } = await openid.signIn(rsa, person);
    expect((await openid.verified(id_token, rsa, 'RS256')).sub).toBe(String(person.userId));
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    await rsa.admin.patch(rsa.path, { id_token_signed_response_alg: 'ES256' }).expect(200);
    const { body } = await openid.refresh(rsa, refresh_token).expect(200);
    expect((await openid.verified(body.id_token, rsa)).sub).toBe(String(person.userId));
    for (const alg of ['none', 'HS256', 'PS256', ''])
      await rsa.admin.patch(rsa.path, { id_token_signed_response_alg: alg }).expect(422);
  });

  it('comes with a refresh too, of the same sign-in and without nonce', async () => {
    const { id_token, refresh_token } = await openid.signIn(application, person, { nonce: 'once' });
    const first = await openid.verified(id_token, application);
    const { body } = await openid.refresh(application, refresh_token).expect(200);
    const second = await openid.verified(body.id_token, application);
    for (const claim of ['iss', 'sub', 'aud', 'azp', 'auth_time', 'sid', 'amr', 'acr'])
      expect([claim, second[claim]]).toEqual([claim, first[claim]]);
    expect(second).not.toHaveProperty('nonce');
    expect(second.at_hash).not.toBe(first.at_hash);
  });

  it('comes with the scope openid only, also of a refresh', async () => {
    const plain = await openid.granted(application, person, {
      scope: 'read',
      nonce: 'x',
      claims: '{"id_token":{"email":null}}',
    });
    expect(plain).not.toHaveProperty('id_token');
    const { refresh_token } = await openid.signIn(application, person, { scope: 'openid read' });
    const { body } = await openid.refresh(application, refresh_token, { scope: 'read' }).expect(200);
    expect(body.scope).toBe('read');
    expect(body).not.toHaveProperty('id_token');
    const own = await openid.token(application, { grant_type: 'client_credentials', scope: 'openid' });
    expect(refusal(own)).toEqual([400, 'invalid_scope']);
  });

  it('tells of the person what was asked for one by one, and nothing more', async () => {
    const claims = JSON.stringify({
      id_token: { email: { essential: true }, password_hash: null, name: null },
    });
    const { id_token } = await openid.signIn(application, person, { claims });
    expect(await openid.verified(id_token, application)).toMatchObject({
      email: person.email,
      name: expect.any(String),
    });
    const told = Object.keys(decodeJwt(id_token));
    for (const claim of ['password_hash', 'email_verified', 'picture']) expect(told).not.toContain(claim);
    const byScope = await openid.signIn(application, person, { scope: 'openid email profile' });
    expect(decodeJwt(byScope.id_token)).not.toHaveProperty('email');
  });

  it('has the first authentication context of the wanted ones that was reached', async () => {
    const acr = async (methods: string[], more: Record<string, string>) => {
      await openid.authenticated(person, 0, methods);
      return decodeJwt((await openid.signIn(application, person, more)).id_token).acr;
    };
    const [single, mfa] = ['urn:rivergate:acr:single', 'urn:rivergate:acr:mfa'];
    expect(await acr(['pwd'], {})).toBe(single);
    expect(await acr(['pop', 'user', 'mfa'], {})).toBe('phr');
    expect(await acr(['pwd', 'otp', 'mfa'], { acr_values: `phr unknown ${single} ${mfa}` })).toBe(single);
    expect(await acr(['pop', 'user', 'mfa'], { acr_values: mfa })).toBe(mfa);
    expect(await acr(['pwd'], { acr_values: 'phr' })).toBe(single);
    expect(
      await acr(['pop', 'user', 'mfa'], {
        claims: `{"id_token":{"acr":{"essential":true,"values":["${mfa}"]}}}`,
      }),
    ).toBe(mfa);
  });
});

describe('a code of a sign-in', () => {
  it('is good for the client that it was issued to, once, and with its verifier alone', async () => {
    const other = await openid.application();
    const stolen = await openid.code(application, person, { scope: 'openid', nonce: 'n' });
    expect(refusal(await openid.exchange(other, stolen))).toEqual([400, 'invalid_grant']);
    const bound = await openid.code(application, person, {
      scope: 'openid',
      code_challenge: S256,
      code_challenge_method: 'S256',
    });
    expect(refusal(await openid.exchange(application, bound))).toEqual([400, 'invalid_request']);
    const { body } = await openid.exchange(application, bound, { code_verifier: VERIFIER }).expect(200);
    expect(refusal(await openid.exchange(application, bound, { code_verifier: VERIFIER }))).toEqual([
      400,
      'invalid_grant',
    ]);
    expect((await openid.state(body.access_token)).state).toBe('revoked');
    expect(refusal(await openid.refresh(application, body.refresh_token))).toEqual([400, 'invalid_grant']);
    const unbound = await openid.code(application, person, { scope: 'openid' });
    expect(refusal(await openid.exchange(application, unbound, { code_verifier: VERIFIER }))).toEqual([
      400,
      'invalid_grant',
    ]);
  });

  it('has the nonce of its own request, whatever another request had', async () => {
    const codes = await Promise.all(
      ['one', 'two'].map(nonce => openid.code(application, person, { scope: 'openid', nonce })),
    );
    const answers = await Promise.all(codes.map(code => openid.exchange(application, code)));
    expect(answers.map(({ body }) => decodeJwt(body.id_token).nonce)).toEqual(['one', 'two']);
    expect(decodeJwt((await openid.signIn(application, person)).id_token)).not.toHaveProperty('nonce');
  });
});

describe('scopes of identity', () => {
  it('are for any application, and bound nothing at the API', async () => {
    const reader = await openid.application({ scopes: ['read'] });
    const scope = 'openid profile email offline_access';
    const tokens = await openid.signIn(reader, person, { scope });
    expect(tokens.scope).toBe(scope);
    expect(await openid.state(tokens.access_token)).toMatchObject({ state: 'active', scopes: [] });
    expect(
      await openid.state((await openid.signIn(reader, person, { scope: 'read openid' })).access_token),
    ).toMatchObject({
      scopes: ['read'],
    });
    const without = await openid.granted(reader, person);
    expect(without.scope).toBe('read');
    const told = await openid.send(
      '/oauth/introspect',
      openid.form({ ...openid.credentials(reader), token: tokens.access_token }),
    );
    expect(told.body).toMatchObject({ active: true, scope });
  });

  it('that tell of a person want openid, and those of rights are still those of the application', async () => {
    for (const scope of ['profile', 'read email', 'openid admin', 'openid everything', 'openid phone']) {
      const url = await openid.authorize(application, person, { scope });
      expect([scope, url.searchParams.get('error')]).toEqual([scope, 'invalid_scope']);
    }
    expect((await openid.granted(application, person, { scope: 'offline_access read' })).scope).toBe(
      'offline_access read',
    );
  });

  it('stay when the application loses rights, which it loses', async () => {
    const own = await openid.application();
    const { access_token, refresh_token } = await openid.signIn(own, person, { scope: 'openid write' });
    await own.admin.patch(own.path, { scopes: ['read'] }).expect(200);
    expect(await openid.state(access_token)).toMatchObject({ state: 'active', scopes: [] });
    const { body } = await openid.refresh(own, refresh_token).expect(200);
    expect(body.scope).toBe('openid');
  });
});
