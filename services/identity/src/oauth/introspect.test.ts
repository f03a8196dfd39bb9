import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { ISSUER, oauthFixture, refusal, type TestApplication } from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  person = await identity.person();
});
afterAll(() => identity?.stop());
beforeEach(async () => {
  application = await oauth.application();
});

const introspect = (by: TestApplication, token: string, more: Record<string, string> = {}) =>
  oauth.send('/oauth/introspect', oauth.form({ ...oauth.credentials(by), token, ...more }));
const isActive = async (token: string) => (await introspect(application, token)).body.active;
const tokensOf = () => oauth.granted(application, person, { scope: 'read' });

describe('introspection', () => {
  it('tells a client of its own tokens, and lets no cache keep it', async () => {
    const { access_token, refresh_token } = await tokensOf();
    const answer = await introspect(application, access_token, { token_type_hint: 'refresh_token' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const shared = {
      active: true,
      scope: 'read',
      client_id: application.client_id,
      sub: String(person.userId),
      iss: ISSUER,
      iat: expect.any(Number),
      exp: expect.any(Number),
    };
    expect(answer.body).toEqual({ ...shared, token_type: 'bearer' });
    expect(answer.body.exp - answer.body.iat).toBeLessThanOrEqual(3_601);
    expect((await introspect(application, refresh_token)).body).toEqual(shared);
    const own = await oauth.token(application, { grant_type: 'client_credentials' });
    expect((await introspect(application, own.body.access_token)).body).toMatchObject({
      active: true,
      scope: 'read write',
      sub: application.client_id,
    });
  });

  it('answers alike for what is another client’s, unknown, no token of it, or over', async () => {
    const { access_token, refresh_token } = await tokensOf();
    const other = await oauth.application();
    const inactive = [200, { active: false }];
    const seen = async (by: TestApplication, token: string) => {
      const { status, body } = await introspect(by, token);
      return [status, body];
    };
    for (const token of [access_token, refresh_token]) expect(await seen(other, token)).toEqual(inactive);
    for (const token of ['unknown', person.accessToken, person.refreshToken, application.client_secret])
      expect(await seen(application, token)).toEqual(inactive);

    await oauth.refresh(application, refresh_token);
    expect(await seen(application, refresh_token)).toEqual(inactive);
    await oauth.send('/oauth/token/revoke', oauth.form({ token: access_token }));
    expect(await seen(application, access_token)).toEqual(inactive);
    const expiring = await tokensOf();
    const { knex } = identity.resources;
    await knex('oauth_tokens')
      .where({ user_id: person.userId })
      .update({ expires_at: knex.raw("now() - interval '1 second'") });
    expect(await seen(application, expiring.access_token)).toEqual(inactive);
  });

  it('follows what becomes of user, scopes and application', async () => {
    const suspended = await identity.person();
    const code = await oauth.code(application, suspended, { scope: 'read write' });
    const { access_token } = (await oauth.exchange(application, code)).body;
    await application.admin.patch(application.path, { scopes: ['read'] }).expect(200);
    expect((await introspect(application, access_token)).body.scope).toBe('read');
    const users = identity.resources.knex('users').where({ id: suspended.userId });
    await users.clone().update({ disabled_at: new Date() });
    expect(await isActive(access_token)).toBe(false);
    await users.clone().update({ disabled_at: null });
    expect(await isActive(access_token)).toBe(true);
    await application.admin.post(`${application.path}/revoke`).expect(200);
    expect(refusal(await introspect(application, access_token))).toEqual([401, 'invalid_client']);
    await application.admin.patch(application.path, { status: 'active' }).expect(200);
    await eventually(async () => (await isActive(access_token)) === false);
  });

  it('is for clients that prove themselves', async () => {
    const { access_token } = await tokensOf();
    const anonymous = await oauth.send('/oauth/introspect', oauth.form({ token: access_token }));
    expect(refusal(anonymous)).toEqual([400, 'invalid_request']);
    const impostor = { ...application, client_secret: 'secret_of-somebody-else' };
    expect(refusal(await introspect(impostor, access_token))).toEqual([401, 'invalid_client']);
    const without = await oauth.send('/oauth/introspect', oauth.form(oauth.credentials(application)));
    expect(refusal(without)).toEqual([400, 'invalid_request']);
  });
});
