import { organizationDeleted } from '@rivergate/events';
import { eventually, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { CALLBACK, oauthFixture, refusal, type TestApplication } from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let person: Person;
let application: TestApplication;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  person = await identity.person();
});
afterAll(() => identity?.stop());

/** A code, tokens of a user, and a token of the application's own. */
let code: string;
let tokens: { access_token: string; refresh_token: string };
let own: string;
beforeEach(async () => {
  application = await oauth.application();
  code = await oauth.code(application, person);
  tokens = await oauth.granted(application, person);
  own = await ownToken();
});

const ownToken = async () =>
  (await oauth.token(application, { grant_type: 'client_credentials' })).body.access_token as string;
const invalidGrant = [400, 'invalid_grant'];
const invalidClient = [401, 'invalid_client'];
const knownStates = async () => [await oauth.known(tokens.access_token), await oauth.known(own)];
const states = async () => [(await oauth.state(tokens.access_token)).state, (await oauth.state(own)).state];

async function expectAllDead() {
  expect(await knownStates()).toEqual(['revoked', 'revoked']);
  expect(refusal(await oauth.exchange(application, code))).toEqual(invalidGrant);
  expect(refusal(await oauth.refresh(application, tokens.refresh_token))).toEqual(invalidGrant);
}

describe('an application', () => {
  it.each(['revoke', 'patch'])(
    'that is suspended (%s) is unknown, and its tokens never come back',
    async way => {
      const { admin, path } = application;
      if (way === 'revoke') await admin.post(`${path}/revoke`).expect(200);
      else await admin.patch(path, { status: 'revoked' }).expect(200);
      expect(await knownStates()).toEqual(['revoked', 'revoked']);
      expect(await states()).toEqual(['revoked', 'revoked']);
      expect(refusal(await oauth.exchange(application, code))).toEqual(invalidClient);
      expect(refusal(await oauth.refresh(application, tokens.refresh_token))).toEqual(invalidClient);
      const revoking = oauth.form({ token: own, ...oauth.credentials(application) });
      expect(refusal(await oauth.send('/oauth/token/revoke', revoking))).toEqual(invalidClient);
      await admin.patch(path, { status: 'active' }).expect(200);
      expect(await states()).toEqual(['revoked', 'revoked']);
      await expectAllDead();
      expect((await oauth.granted(application, person)).access_token).toBeTruthy();
    },
  );

  it('that is deleted is unknown, and nothing is left of its tokens', async () => {
    await application.admin.delete(application.path).expect(200);
    expect(await knownStates()).toEqual(['revoked', 'revoked']);
    expect(await states()).toEqual(['unknown', 'unknown']);
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidClient);
    const { client_id } = application;
    const query = oauth.form({ response_type: 'code', client_id, redirect_uri: CALLBACK });
    expect(refusal(await person.caller.get(`/oauth/authorize?${query}`))).toEqual([400, 'invalid_client']);
  });

  it('of an organization that was deleted is gone with it', async () => {
    const { organizationId: organization_id, client_id } = application;
    await publishEvent(identity, 'organization', organizationDeleted, {
      subject: organization_id,
      data: { organization_id, name: 'Gone', reason: 'deleted' },
    });
    await eventually(async () => (await oauth.known(own)) === 'revoked', 'the end of the token');
    expect(await states()).toEqual(['unknown', 'unknown']);
    expect(await identity.resources.knex('oauth_applications').where({ client_id })).toEqual([]);
  });

  it('with a new secret has no other any more, and no token', async () => {
    const answer = await application.admin.post(`${application.path}/regenerate-secret`).expect(200);
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidClient);
    application = { ...application, client_secret: answer.body.data.client_secret };
    await expectAllDead();
    expect(await ownToken()).toBeTruthy();
  });

  it('that loses a scope takes it from its tokens at once and for good', async () => {
    const { admin, path } = application;
    const wider = await oauth.granted(application, person, { scope: 'write' });
    await admin.patch(path, { scopes: ['read'] }).expect(200);
    for (const token of [tokens.access_token, own, wider.access_token])
      expect(await oauth.known(token)).toMatch(/^changed/);
    expect((await oauth.state(tokens.access_token)).scopes).toEqual(['read']);
    expect((await oauth.state(wider.access_token)).scopes).toEqual([]);
    await admin.patch(path, { scopes: ['read', 'write'] }).expect(200);
    expect((await oauth.state(own)).scopes).toEqual(['read']);
    expect((await oauth.exchange(application, code)).body.scope).toBe('read');
    expect((await oauth.refresh(application, tokens.refresh_token)).body.scope).toBe('read');
    expect((await oauth.refresh(application, wider.refresh_token)).status).toBe(400);
  });

  it('that loses a grant type loses the tokens of that one', async () => {
    const { admin, path } = application;
    await admin.patch(path, { grant_types: ['authorization_code'] }).expect(200);
    expect(await states()).toEqual(['active', 'revoked']);
    expect(await oauth.known(own)).toBe('revoked');
    await admin.patch(path, { grant_types: ['client_credentials'] }).expect(200);
    await admin.patch(path, { grant_types: ['authorization_code', 'client_credentials'] }).expect(200);
    await expectAllDead();
  });

  it('that loses a redirect URI loses the codes for it, and nothing else', async () => {
    const { admin, path } = application;
    const other = 'https://app.example.com/other';
    await admin.patch(path, { redirect_uris: [CALLBACK, other] }).expect(200);
    await admin.patch(path, { redirect_uris: [other] }).expect(200);
    await admin.patch(path, { redirect_uris: [CALLBACK] }).expect(200);
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidGrant);
    expect(await states()).toEqual(['active', 'active']);
  });

  it('that is suspended while ten codes are asked for and exchanged leaves none of them good', async () => {
    const issued: string[] = [];
    const working = Array.from({ length: 10 }, async () => {
      const query = oauth.form({
        response_type: 'code',
        client_id: application.client_id,
        redirect_uri: CALLBACK,
      });
      const { headers } = await person.caller.get(`/oauth/authorize?${query}`);
      const another = new URL(headers.get('location') ?? 'none:').searchParams.get('code');
      if (!another) return;
      const { status, body } = await oauth.exchange(application, another);
      if (status === 200) issued.push(body.access_token);
    });
    await application.admin.post(`${application.path}/revoke`).expect(200);
    await Promise.all(working);
    for (const token of issued) expect((await oauth.state(token)).state).toBe('revoked');
    const open = identity.resources.knex('oauth_grants').where({ application_id: application.id });
    expect(await open.whereNull('ended_at')).toEqual([]);
  });
});

describe('revoking a token', () => {
  const revoke = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    oauth.send('/oauth/token/revoke', oauth.form(fields), identity.anonymous(), headers);

  it('ends an access token alone, and by a refresh token the whole grant', async () => {
    expect((await revoke({ token: tokens.access_token })).body).toEqual({});
    expect(await oauth.known(tokens.access_token)).toBe('revoked');
    const next = (await oauth.refresh(application, tokens.refresh_token)).body;
    expect(next.access_token).toBeTruthy();
    await revoke({ token: next.refresh_token, token_type_hint: 'access_token' });
    expect(await oauth.known(next.access_token)).toBe('revoked');
    expect(refusal(await oauth.refresh(application, next.refresh_token))).toEqual(invalidGrant);
    expect(await oauth.known(own)).toBeNull();
  });

  it('takes credentials, and then the token has to be the client’s own', async () => {
    const other = await oauth.application();
    expect(refusal(await revoke({ token: own, ...oauth.credentials(other) }))).toEqual(invalidGrant);
    expect(refusal(await revoke({ token: own, ...oauth.credentials(other), client_secret: 'x' }))).toEqual(
      invalidClient,
    );
    expect((await oauth.state(own)).state).toBe('active');
    const { client_id, client_secret } = application;
    const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
    expect((await revoke({ token: own }, { authorization: `Basic ${basic}` })).status).toBe(200);
    expect((await oauth.state(own)).state).toBe('revoked');
  });

  it('200 for what is unknown or has ended, and leaves tokens of others alone', async () => {
    const personal = await person.caller.post('/api/v1/auth/tokens', { name: 'x', scopes: ['read'] });
    const { token } = personal.body.data;
    for (const sent of ['unknown', token, person.accessToken, person.refreshToken, tokens.access_token])
      for (const _ of [1, 2]) {
        const answer = await revoke({ token: sent, token_type_hint: 'nonsense' });
        expect([answer.status, answer.body]).toEqual([200, {}]);
      }
    expect((await oauth.state(token)).state).toBe('active');
    const session = await identity.anonymous().post('/api/v1/auth/refresh', {
      refresh_token: person.refreshToken,
    });
    expect(session.status).toBe(200);
  });

  it('400 without a token, or with two; 415 for another type', async () => {
    expect(refusal(await revoke({ token_type_hint: 'x' }))).toEqual([400, 'invalid_request']);
    expect(refusal(await revoke({ token: 'x', client_id: application.client_id }))).toEqual([
      400,
      'invalid_request',
    ]);
    expect(refusal(await oauth.send('/oauth/token/revoke', 'token=a&token=b'))).toEqual([
      400,
      'invalid_request',
    ]);
    expect(refusal(await revoke({ token: 'x' }, { 'content-type': 'application/json' }))).toEqual([
      415,
      'invalid_request',
    ]);
  });
});

it('is described for clients', async () => {
  const { body } = await identity.anonymous().get('/.well-known/oauth-authorization-server').expect(200);
  expect(body).toMatchObject({
    issuer: 'http://rivergate.test',
    token_endpoint: 'http://rivergate.test/oauth/token',
    code_challenge_methods_supported: ['S256', 'plain'],
    authorization_response_iss_parameter_supported: true,
  });
});
