import { memberRemoved } from '@rivergate/events';
import { eventually, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { oauthFixture, refusal, S256, type TestApplication, VERIFIER } from '../testing/oauth-fixture.ts';
import { registrationFixture } from '../testing/registration-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let registration: ReturnType<typeof registrationFixture>;
let organization: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  registration = registrationFixture(identity);
  [organization, person] = [await oauth.application(), await identity.person()];
});
afterAll(() => identity?.stop());

const CALLBACK = 'https://app.example.com/callback';
const metadata = {
  redirect_uris: [CALLBACK],
  token_endpoint_auth_method: 'none',
  client_name: 'Editor',
  scope: 'read write',
};
let client: { client_id: string; registration_access_token: string; [more: string]: unknown };
beforeEach(async () => {
  const { token } = await registration.issue(organization, { scopes: ['read', 'write'] });
  client = (await registration.register(metadata, token)).body;
});

const manage = (method: 'get' | 'put' | 'delete', body?: object, one = client, token?: string) =>
  registration.send(
    method,
    `/oauth/register/${one.client_id}`,
    body,
    `Bearer ${token ?? client.registration_access_token}`,
  );
const put = (more: object = {}) => manage('put', { client_id: client.client_id, ...metadata, ...more });
const granted = async () => {
  const one = { ...organization, client_id: client.client_id, client_secret: undefined as never };
  const where = { redirect_uri: CALLBACK };
  const challenge = { code_challenge: S256, code_challenge_method: 'S256' };
  const code = await oauth.code(one, person, { ...where, ...challenge });
  return (await oauth.exchange(one, code, { ...where, code_verifier: VERIFIER })).body;
};

describe('a registration', () => {
  it('is read by its token, which comes back with it', async () => {
    const answer = await manage('get');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(client);
  });

  it('is replaced as a whole; what is taken away is lost to tokens at once', async () => {
    const { access_token } = await granted();
    const answer = await put({ client_name: 'Renamed', scope: 'read' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ client_name: 'Renamed', scope: 'read' });
    expect(await oauth.state(access_token)).toMatchObject({ scopes: ['read'] });
    expect((await put()).body.scope).toBe('read');
    expect((await put({ redirect_uris: ['http://127.0.0.1/'] })).body.redirect_uris).toEqual([
      'http://127.0.0.1/',
    ]);
    expect((await manage('get')).body.redirect_uris).toEqual(['http://127.0.0.1/']);
  });

  it.each([
    ['another client_id', { client_id: '00000000-0000-4000-8000-000000000000' }, 'invalid_request'],
    ['no client_id', { client_id: undefined }, 'invalid_request'],
    ['a secret that it does not have', { client_secret: 'secret_x' }, 'invalid_request'],
    ['its token', { registration_access_token: 'rat_x' }, 'invalid_request'],
    ['when it was issued', { client_id_issued_at: 1 }, 'invalid_request'],
    ['a bad address', { redirect_uris: ['http://app.example.com/'] }, 'invalid_redirect_uri'],
    ['an address of the platform', { redirect_uris: ['https://rivergate.test/x'] }, 'invalid_redirect_uri'],
    ['scopes that it never had', { scope: 'admin' }, 'invalid_client_metadata'],
  ])('is not replaced with %s', async (_, more, error) => {
    expect(refusal(await put(more))).toEqual([400, error]);
    expect((await manage('get')).body).toEqual(client);
  });

  it('keeps how its client proves itself', async () => {
    const { body } = await put({ token_endpoint_auth_method: 'client_secret_basic' });
    expect(body.token_endpoint_auth_method).toBe('none');
    expect(body).not.toHaveProperty('client_secret');
  });

  it('is deleted, and its tokens with it', async () => {
    const { access_token } = await granted();
    expect((await manage('delete')).status).toBe(204);
    expect(await oauth.known(access_token)).toBe('revoked');
    for (const answer of [await manage('get'), await manage('delete'), await put()])
      expect(refusal(answer)).toEqual([401, 'invalid_token']);
  });

  it('is nobody else’s: one answer for another client’s token, for none, and for an unknown client', async () => {
    const { token } = await registration.issue(organization);
    const other = (await registration.register(metadata, token)).body;
    const unknown = { ...client, client_id: '00000000-0000-4000-8000-000000000000' };
    const none = { ...client, client_id: 'x' };
    for (const method of ['get', 'put', 'delete'] as const) {
      const body = method === 'put' ? { client_id: client.client_id, ...metadata } : undefined;
      for (const answer of [
        await manage(method, body, client, other.registration_access_token),
        await manage(method, body, client, token),
        await manage(method, body, client, person.accessToken),
        await manage(method, body, unknown),
        await manage(method, body, none),
        await manage(method, body, organization as never),
      ])
        expect(refusal(answer)).toEqual([401, 'invalid_token']);
    }
    expect((await manage('get')).body).toEqual(client);
  });

  it('is closed to its client while an administrator has revoked it', async () => {
    const { applications } = (await organization.admin.get(organization.path.replace(/\/\d+$/, ''))).body
      .data;
    const { id } = applications.find(({ client_id }: typeof client) => client_id === client.client_id);
    const path = organization.path.replace(/\d+$/, String(id));
    await organization.admin.post(`${path}/revoke`).expect(200);
    expect(refusal(await put())).toEqual([401, 'invalid_token']);
    await organization.admin.patch(path, { status: 'active' }).expect(200);
    expect((await put()).status).toBe(200);
  });
});

it('a registration token ends with the membership of who made it', async () => {
  const { token } = await registration.issue(organization);
  const { organizationId } = organization;
  await publishEvent(identity, 'organization', memberRemoved, {
    subject: 1,
    data: { organization_id: organizationId, user_id: 1 },
  } as never);
  await eventually(
    async () => (await registration.register({ ...metadata, scope: 'admin' }, token)).status === 401,
    'the end of the token',
  );
});
