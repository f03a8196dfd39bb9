import { randomUUID } from 'node:crypto';
import { tokenHash } from '@rivergate/secrets';
import { administrator, byToken, expectError, signedIn, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { isRegistered } from './redirect-uri.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

let organizationId = 7_000;
let admin: TestCaller;
let path: string;
beforeEach(() => {
  organizationId += 1;
  admin = identity.as(administrator({ userId: 1, organizationId }));
  path = `/api/v1/organizations/${organizationId}/oauth-applications`;
});

const CALLBACK = 'https://app.example.com/callback';
const wanted = {
  name: 'Dashboard',
  grant_types: ['authorization_code'],
  redirect_uris: [CALLBACK],
  scopes: ['read'],
};
const create = async (more: object = {}) =>
  (await admin.post(path, { ...wanted, ...more }).expect(201)).body.data;
const audit = async () =>
  identity.resources.knex.transaction(async db => {
    await db.raw("select set_config('rivergate.scope', 'platform', true)");
    return db('audit_log').where({ organization_id: organizationId }).orderBy('id').pluck('action');
  });

describe('registering an application', () => {
  it('answers its secret once and keeps the hash only', async () => {
    const created = await create({ description: 'What is in stock', scopes: ['read', 'write', 'read'] });
    expect(created).toMatchObject({
      name: 'Dashboard',
      description: 'What is in stock',
      grant_types: ['authorization_code'],
      redirect_uris: [CALLBACK],
      scopes: ['read', 'write'],
      access_level: 'organization',
      status: 'active',
      message: expect.any(String),
    });
    expect(created.client_secret).toMatch(/^secret_[\w-]{43}$/);
    expect(created.client_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    const kept = JSON.stringify([
      await identity.resources.knex('oauth_applications').where({ id: created.id }),
      await identity.resources.knex('outbox'),
      (await admin.get(path)).body,
      (await admin.get(`${path}/${created.id}`)).body,
    ]);
    expect(kept).toContain(tokenHash(created.client_secret));
    expect(kept).not.toContain(created.client_secret);
    expect(await audit()).toEqual(['oauth_application.created']);
  });

  it('gives the same answer to a retry with a long random key, and two to two keys', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = (await admin.post(path, wanted, { headers }).expect(201)).body.data;
    expect((await admin.post(path, wanted, { headers }).expect(201)).body.data).toEqual(first);
    expectError(await admin.post(path, wanted), 400, 'APPLICATION_EXISTS');
  });

  it('400 for a name that the organization has, in any case; another organization may have it', async () => {
    await create({ name: 'Straße' });
    expectError(await admin.post(path, { ...wanted, name: 'STRASSE' }), 400, 'APPLICATION_EXISTS');
    const elsewhere = identity.as(administrator({ userId: 1, organizationId: ++organizationId }));
    await elsewhere
      .post(`/api/v1/organizations/${organizationId}/oauth-applications`, { ...wanted, name: 'Straße' })
      .expect(201);
  });

  it('takes one of ten of one name at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => admin.post(path, wanted)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(400)]);
  });

  it.each([
    'http://app.example.com/callback',
    'http://localhost.example.com/',
    'https://app.example.com/callback#part',
    'https://app.example.com/callback#',
    'https://user@app.example.com/',
    'https://user:pass@app.example.com/',
    'https:\\\\app.example.com',
    'https://app.example.com\\@evil.example.com/',
    'https:///app.example.com',
    'https://app.example.com:99999/',
    'https://bücher.example/',
    'https://app.example.com/a b',
    'https://app.example.com/\nb',
    'http://[::2]/',
    'http://127.0.0.1.example.com/',
    'http://127.1/',
    'custom://callback',
    'javascript:alert(1)',
    '/callback',
    'app.example.com',
    '',
  ])('422 for the redirect URI %j', async uri => {
    expectError(await admin.post(path, { ...wanted, redirect_uris: [uri] }), 422, 'VALIDATION_ERROR');
  });

  it.each([
    ['redirect_uris', 'https://rivergate.test/oauth/form-post'],
    ['redirect_uris', 'https://RIVERGATE.test:443/callback'],
    ['redirect_uris', 'https://rivergate.test./callback'],
    ['post_logout_redirect_uris', 'https://rivergate.test/oauth/form-post?then=https://app.example.com'],
  ])('422 for %s on the platform itself, made or changed: %s', async (field, uri) => {
    const own = await create({ name: `Own ${field} ${uri}`.slice(0, 100) });
    for (const answer of [
      await admin.post(path, { ...wanted, name: 'Led by our pages', [field]: [CALLBACK, uri] }),
      await admin.patch(`${path}/${own.id}`, { [field]: [CALLBACK, uri] }),
    ]) {
      expectError(answer, 422, 'VALIDATION_ERROR');
      expect(answer.body.error.details).toMatchObject([{ field: `body.${field}`, code: 'not_allowed' }]);
    }
  });

  it.each([
    'https://app.example.com',
    'https://app.example.com:8443/a/b?c=d&e=%20',
    'http://localhost:3000/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:80/callback',
  ])('takes the redirect URI %j', async uri => {
    expect((await create({ redirect_uris: [uri] })).redirect_uris).toEqual([uri]);
  });

  it('takes a public client, which has no secret and can be given none', async () => {
    const isPublic = { token_endpoint_auth_method: 'none' };
    const native = [...wanted.redirect_uris, 'com.example.app:/callback', 'com.example.my-app://callback'];
    const { id, ...created } = await create({ ...isPublic, redirect_uris: native });
    expect(created).toMatchObject({ token_endpoint_auth_method: 'none', redirect_uris: native });
    expect(created.client_secret).toBeUndefined();
    expectError(await admin.post(`${path}/${id}/regenerate-secret`), 409, 'CLIENT_HAS_NO_SECRET');
    const confidential = await create({ name: 'Confidential' });
    const own = `${path}/${confidential.id}`;
    for (const answer of [
      await admin.post(path, { ...wanted, ...isPublic, grant_types: ['client_credentials'] }),
      await admin.patch(`${path}/${id}`, { grant_types: ['authorization_code', 'client_credentials'] }),
      await admin.patch(`${path}/${id}`, { token_endpoint_auth_method: 'client_secret_basic' }),
      await admin.patch(own, { redirect_uris: ['com.example.app:/callback'] }),
      await admin.patch(own, isPublic),
      await admin.post(path, { ...wanted, name: 'x', redirect_uris: ['com.example.app:/callback'] }),
      await admin.post(path, { ...wanted, ...isPublic, name: 'x', redirect_uris: ['javascript:/alert(1)'] }),
      await admin.post(path, { ...wanted, ...isPublic, name: 'x', redirect_uris: ['app://callback'] }),
      await admin.post(path, { ...wanted, ...isPublic, name: 'x', redirect_uris: ['com.example:callback'] }),
      await admin.post(path, { ...wanted, ...isPublic, name: 'x', redirect_uris: ['com.example://a@b/'] }),
    ])
      expectError(answer, 422, 'VALIDATION_ERROR');
  });

  it('422 for what is no application', async () => {
    for (const wrong of [
      { redirect_uris: [] },
      { redirect_uris: Array.from({ length: 21 }, (_, index) => `${CALLBACK}/${index}`) },
      { grant_types: [] },
      { grant_types: ['implicit'] },
      { scopes: [] },
      { scopes: ['everything'] },
      { name: '' },
      { name: 'x'.repeat(101) },
      { description: 'x'.repeat(501) },
      { access_level: 'public' },
      { client_secret: 'secret_mine' },
    ])
      expectError(await admin.post(path, { ...wanted, ...wrong }), 422, 'VALIDATION_ERROR');
    expect((await admin.get(path)).body.data.total).toBe(0);
    await create({ grant_types: ['client_credentials'], redirect_uris: [] });
  });
});

describe('reading applications', () => {
  it('lists the newest first, revoked ones too, a page at a time', async () => {
    const ids = [];
    for (const name of ['a', 'b', 'c']) ids.push((await create({ name })).id);
    await admin.post(`${path}/${ids[1]}/revoke`).expect(200);
    const { data } = (await admin.get(`${path}?skip=0&limit=2`).expect(200)).body;
    expect(data).toMatchObject({ total: 3, total_count: 3, message: expect.any(String) });
    expect(data.applications.map(({ name, status }: Record<string, string>) => [name, status])).toEqual([
      ['c', 'active'],
      ['b', 'revoked'],
    ]);
    expect(data.applications[0]).toMatchObject({ last_used_at: null, description: null });
    expectError(await admin.get(`${path}?limit=101`), 422, 'VALIDATION_ERROR');
  });
});

describe('updating an application', () => {
  it('replaces what is given and keeps the rest', async () => {
    const { id, client_id } = await create({ description: 'old' });
    const { data } = (await admin.patch(`${path}/${id}`, { name: 'New', scopes: ['write'] }).expect(200))
      .body;
    expect(data).toEqual({
      id,
      client_id,
      name: 'New',
      description: 'old',
      grant_types: ['authorization_code'],
      redirect_uris: [CALLBACK],
      scopes: ['write'],
      id_token_signed_response_alg: 'ES256',
      post_logout_redirect_uris: [],
      backchannel_logout_uri: null,
      access_level: 'organization',
      token_endpoint_auth_method: null,
      require_pushed_authorization_requests: false,
      jwks: null,
      jwks_uri: null,
      dpop_bound_access_tokens: false,
      self_registered: false,
      status: 'active',
    });
    expect((await admin.patch(`${path}/${id}`, { description: null })).body.data.description).toBeNull();
    await admin.patch(`${path}/${id}`, {}).expect(200);
    await admin.patch(`${path}/${id}`, { name: 'NEW' }).expect(200);
    expect(await audit()).toEqual([
      'oauth_application.created',
      ...Array(3).fill('oauth_application.changed'),
    ]);
  });

  it('holds the result to the rule on redirect URIs', async () => {
    const { id } = await create();
    expectError(await admin.patch(`${path}/${id}`, { redirect_uris: [] }), 422, 'VALIDATION_ERROR');
    await admin
      .patch(`${path}/${id}`, { redirect_uris: [], grant_types: ['client_credentials'] })
      .expect(200);
    expectError(
      await admin.patch(`${path}/${id}`, { grant_types: ['authorization_code'] }),
      422,
      'VALIDATION_ERROR',
    );
  });

  it('400 for the name of another, and 422 for what is not set here', async () => {
    await create({ name: 'Taken' });
    const { id } = await create();
    expectError(await admin.patch(`${path}/${id}`, { name: 'taken' }), 400, 'APPLICATION_EXISTS');
    for (const field of ['client_secret', 'client_id', 'secret_hash', 'organization_id'])
      expectError(await admin.patch(`${path}/${id}`, { [field]: '1' }), 422, 'VALIDATION_ERROR');
  });

  it('changes nothing for who has read something else meanwhile', async () => {
    const { id } = await create();
    const tag = (await admin.get(`${path}/${id}`)).headers.get('etag')!;
    await admin.patch(`${path}/${id}`, { name: 'One' }, { headers: { 'if-match': tag } }).expect(200);
    await admin.patch(`${path}/${id}`, { name: 'Two' }, { headers: { 'if-match': tag } }).expect(412);
  });
});

describe('suspending and deleting', () => {
  it('revokes, again without a change, and makes active by an update', async () => {
    const { id } = await create();
    const status = async () => (await admin.get(`${path}/${id}`)).body.data.status;
    for (const _ of [1, 2]) {
      expect((await admin.post(`${path}/${id}/revoke`).expect(200)).body.data.message).toBeTruthy();
      expect(await status()).toBe('revoked');
    }
    expect(await audit()).toEqual(['oauth_application.created', 'oauth_application.changed']);
    expect((await admin.patch(`${path}/${id}`, { status: 'active' })).body.data.status).toBe('active');
    await admin.patch(`${path}/${id}`, { status: 'revoked' }).expect(200);
    expect(await status()).toBe('revoked');
  });

  it('deletes for good, and frees the name', async () => {
    const { id } = await create();
    expect((await admin.delete(`${path}/${id}`).expect(200)).body.data.message).toBeTruthy();
    expectError(await admin.get(`${path}/${id}`), 404, 'APPLICATION_NOT_FOUND');
    expectError(await admin.delete(`${path}/${id}`), 404, 'APPLICATION_NOT_FOUND');
    await create();
  });

  it('replaces the secret, whatever the status, and keeps no trace of either', async () => {
    const { id, client_secret } = await create();
    await admin.post(`${path}/${id}/revoke`).expect(200);
    const { data } = (await admin.post(`${path}/${id}/regenerate-secret`).expect(200)).body;
    expect(data.client_secret).toMatch(/^secret_[\w-]{43}$/);
    expect(data.client_secret).not.toBe(client_secret);
    const row = await identity.resources.knex('oauth_applications').where({ id }).first();
    expect(row).toMatchObject({ secret_hash: tokenHash(data.client_secret), status: 'revoked' });
  });
});

describe('others', () => {
  const calls: [string, (by: TestCaller, id: number) => PromiseLike<{ status: number }>][] = [
    ['create', by => by.post(path, wanted)],
    ['list', by => by.get(path)],
    ['get', (by, id) => by.get(`${path}/${id}`)],
    ['update', (by, id) => by.patch(`${path}/${id}`, { name: 'Theirs' })],
    ['delete', (by, id) => by.delete(`${path}/${id}`)],
    ['replace the secret', (by, id) => by.post(`${path}/${id}/regenerate-secret`)],
    ['revoke', (by, id) => by.post(`${path}/${id}/revoke`)],
  ];

  it.each(calls)('%s: 401 without a token, 403 for members, 404 for strangers', async (_, send) => {
    const { id } = await create();
    expect((await send(identity.anonymous(), id)).status).toBe(401);
    expect((await send(identity.as(signedIn({ userId: 2, organizationId })), id)).status).toBe(403);
    expect((await send(identity.as(signedIn({ userId: 3 })), id)).status).toBe(404);
    expect((await admin.get(`${path}/${id}`)).body.data).toMatchObject({
      name: 'Dashboard',
      status: 'active',
    });
  });

  it.each(calls.slice(2))('%s: 404 for the application of another organization', async (_, send) => {
    const { id } = await create();
    const theirs = path;
    organizationId += 1;
    path = `/api/v1/organizations/${organizationId}/oauth-applications`;
    expect((await send(identity.as(administrator({ userId: 4, organizationId })), id)).status).toBe(404);
    expect((await admin.get(`${theirs}/${id}`)).body.data.status).toBe('active');
  });

  it('a token reads and revokes, and gets no secret and no further right', async () => {
    const { id } = await create();
    const token = identity.as(
      byToken(administrator({ userId: 1, organizationId }), { scope: ['read', 'write', 'admin'] }),
    );
    await token.get(`${path}/${id}`).expect(200);
    await token.post(path, { ...wanted, name: 'More' }).expect(403);
    await token.patch(`${path}/${id}`, { scopes: ['admin'] }).expect(403);
    await token.post(`${path}/${id}/regenerate-secret`).expect(403);
    await token.post(`${path}/${id}/revoke`).expect(200);
  });
});

describe('a redirect URI', () => {
  const registered = [CALLBACK, 'http://127.0.0.1/back?a=1', 'http://[::1]:8000/', 'http://localhost:3000/'];

  it.each([
    CALLBACK,
    'http://127.0.0.1:49152/back?a=1',
    'http://[::1]/',
    'http://[::1]:1/',
    'http://localhost:3000/',
  ])('%s is registered', uri => {
    expect(isRegistered(registered, uri)).toBe(true);
  });

  it.each([
    'https://APP.example.com/callback',
    'https://app.example.com/Callback',
    'https://app.example.com/callback/',
    'https://app.example.com/callback?x=1',
    'https://app.example.com/callback#x',
    'https://app.example.com:443/callback',
    'https://app.example.com/callback/../callback',
    'https://app.example.com%2fcallback',
    'https://app.example.com.evil.example/callback',
    'https://app.example.com@evil.example/callback',
    'http://app.example.com/callback',
    'http://127.0.0.1:1/back',
    'http://127.0.0.1:99999/back?a=1',
    'http://127.0.0.1:1@evil.example/back?a=1',
    'http://127.0.0.1:/back?a=1',
    'http://127.0.0.1.evil.example/back?a=1',
    'http://127.0.0.1:80.evil.example/back?a=1',
    'http://127.0.0.1%2eevil.example/back?a=1',
    'http://127.0.0.1:1:2/back?a=1',
    'http://user@127.0.0.1/back?a=1',
    'http://127.0.0.1\\@evil.example/back?a=1',
    'http://127.0.0.2/back?a=1',
    'http://2130706433/back?a=1',
    'http://[::ffff:127.0.0.1]/back?a=1',
    'http://[::1].evil.example/',
    'http://[::1]:8000@evil.example/',
    'http://[0:0:0:0:0:0:0:1]/',
    'https://127.0.0.1/back?a=1',
    'http://localhost/',
    'http://localhost:3001/',
    '',
  ])('%s is not', uri => {
    expect(isRegistered(registered, uri)).toBe(false);
  });
});
