import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import {
  CALLBACK,
  oauthFixture,
  refusal,
  S256,
  type TestApplication,
  VERIFIER,
} from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  person = await identity.person();
  application = await oauth.application({
    grant_types: ['authorization_code'],
    redirect_uris: [CALLBACK, 'com.example.app:/callback', 'http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'none',
  });
});
afterAll(() => identity?.stop());

const challenge = { code_challenge: S256, code_challenge_method: 'S256' };
const code = (more = {}) => oauth.code(application, person, { ...challenge, ...more });
const exchange = async (more = {}) =>
  oauth.exchange(application, await code(), { code_verifier: VERIFIER, ...more });
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

describe('a public client', () => {
  it('gets tokens by a code and its verifier, and rotates refresh tokens; a second use ends all', async () => {
    const first = (await exchange()).body;
    const second = (await oauth.refresh(application, first.refresh_token)).body;
    expect(second.access_token).toBeTruthy();
    expect((await oauth.state(second.access_token)).state).toBe('active');
    expect(refusal(await oauth.refresh(application, first.refresh_token))).toEqual([400, 'invalid_grant']);
    expect((await oauth.state(second.access_token)).state).toBe('revoked');
    expect(refusal(await oauth.refresh(application, second.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it.each([
    ['no challenge', {}],
    ['a plain challenge', { code_challenge: VERIFIER, code_challenge_method: 'plain' }],
    ['a challenge without its method', { code_challenge: S256 }],
  ])('gets no code for %s', async (_, given) => {
    const url = await oauth.authorize(application, person, given);
    expect([url.searchParams.get('error'), url.searchParams.get('code')]).toEqual(['invalid_request', null]);
    const json = { client_id: application.client_id, redirect_uri: CALLBACK, approve: true, ...given };
    const { data } = (await person.caller.post('/api/v1/oauth/authorize', json).expect(200)).body;
    expect(new URL(data.redirect_url).searchParams.get('error')).toBe('invalid_request');
  });

  it('gets no tokens without the verifier, or with the challenge in its place', async () => {
    for (const [code_verifier, error] of [
      [undefined, 'invalid_request'],
      [S256, 'invalid_grant'],
    ])
      expect(refusal(await exchange({ code_verifier }))).toEqual([400, error]);
  });

  it('stands for no organization, and asks about no token', async () => {
    const own = await oauth.token(application, { grant_type: 'client_credentials' });
    expect(refusal(own)).toEqual([400, 'unauthorized_client']);
    const { access_token: token } = (await exchange()).body;
    const { client_id } = application;
    const asked = await oauth.send('/oauth/introspect', oauth.form({ client_id, token }));
    expect(refusal(asked)).toEqual([401, 'invalid_client']);
  });

  it('has no secret: any is wrong, in the body and in the header', async () => {
    for (const client_secret of ['x', 'null', 'undefined'])
      expect(refusal(await exchange({ client_secret }))).toEqual([401, 'invalid_client']);
    const sent = oauth.form({ grant_type: 'refresh_token', refresh_token: 'x' });
    for (const secret of ['', 'x']) {
      const header = basic(application.client_id, secret);
      const answer = await oauth.send('/oauth/token', sent, undefined, header);
      expect(refusal(answer)).toEqual([401, 'invalid_client']);
    }
  });

  it('ends tokens of its own, and of no other', async () => {
    const other = await oauth.application();
    const tokens = await oauth.granted(other, person);
    const { client_id } = application;
    const revoke = (token: string) => oauth.send('/oauth/token/revoke', oauth.form({ client_id, token }));
    expect(refusal(await revoke(tokens.refresh_token))).toEqual([400, 'invalid_grant']);
    const own = (await exchange()).body;
    expect((await revoke(own.refresh_token)).status).toBe(200);
    expect((await oauth.state(own.access_token)).state).toBe('revoked');
  });

  it('is answered at a scheme of its own, and at any port of a loopback address', async () => {
    for (const redirect_uri of ['com.example.app:/callback', 'http://127.0.0.1:49152/callback']) {
      const url = await oauth.authorize(application, person, { ...challenge, redirect_uri });
      expect(url.href).toMatch(`${redirect_uri}?code=`);
      const code = url.searchParams.get('code')!;
      const near = `${redirect_uri}/`;
      const wrong = await oauth.exchange(application, code, { redirect_uri: near, code_verifier: VERIFIER });
      expect(refusal(wrong)).toEqual([400, 'invalid_grant']);
      const right = await oauth.exchange(application, code, { redirect_uri, code_verifier: VERIFIER });
      expect(right.status).toBe(200);
    }
  });

  it('cannot use the code or refresh token of another client, nor another client its', async () => {
    const other = await oauth.application({
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
    });
    const stolen = await code();
    expect(refusal(await oauth.exchange(other, stolen, { code_verifier: VERIFIER }))).toEqual([
      400,
      'invalid_grant',
    ]);
    const { refresh_token } = (await oauth.exchange(application, stolen, { code_verifier: VERIFIER })).body;
    expect(refusal(await oauth.refresh(other, refresh_token))).toEqual([400, 'invalid_grant']);
    expect((await oauth.refresh(application, refresh_token)).status).toBe(200);
  });

  it('that is unknown or revoked is told so, so that it can register again', async () => {
    const ended = await oauth.application({
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
    });
    await ended.admin.post(`${ended.path}/revoke`).expect(200);
    const unknown = { ...ended, client_id: '00000000-0000-4000-8000-000000000000' };
    for (const one of [ended, unknown])
      expect(refusal(await oauth.refresh(one, 'x'))).toEqual([401, 'invalid_client']);
  });
});

describe('a confidential client', () => {
  const ask = ({ client_id, client_secret }: TestApplication, inHeader: boolean) =>
    oauth.send(
      '/oauth/token',
      oauth.form({ grant_type: 'client_credentials', ...(inHeader ? {} : { client_id, client_secret }) }),
      undefined,
      inHeader ? basic(client_id, client_secret) : {},
    );

  it.each([
    ['client_secret_basic', [200, 401]],
    ['client_secret_post', [401, 200]],
    [null, [200, 200]],
  ])('proves itself as it is registered: %s', async (token_endpoint_auth_method, statuses) => {
    const one = await oauth.application({ token_endpoint_auth_method });
    expect([(await ask(one, true)).status, (await ask(one, false)).status]).toEqual(statuses);
  });

  it('never passes for a public one by leaving its secret out', async () => {
    const one = await oauth.application();
    const { client_id } = one;
    const stolen = await oauth.code(one, person);
    const fields = { grant_type: 'authorization_code', code: stolen, redirect_uri: CALLBACK, client_id };
    expect(refusal(await oauth.send('/oauth/token', oauth.form(fields)))).toEqual([400, 'invalid_request']);
    expect((await oauth.exchange(one, stolen)).status).toBe(200);
  });

  it('has one secret: the one before dies with what it gave', async () => {
    const one = await oauth.application();
    const { access_token } = await oauth.granted(one, person);
    const { data } = (await one.admin.post(`${one.path}/regenerate-secret`).expect(200)).body;
    expect((await ask(one, true)).status).toBe(401);
    expect((await ask({ ...one, client_secret: data.client_secret }, true)).status).toBe(200);
    expect((await oauth.state(access_token)).state).toBe('revoked');
  });
});
