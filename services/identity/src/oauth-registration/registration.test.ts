import { tokenHash } from '@rivergate/secrets';
import { expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAssertingKey } from '../testing/asserting-client.ts';
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

const CALLBACK = 'http://127.0.0.1/callback';
const knex = () => identity.resources.knex;
const issue = (more: object = {}) => registration.issue(organization, more);
const register = async (more: object = {}, token?: string) =>
  registration.register({ redirect_uris: [CALLBACK], ...more }, token ?? (await issue()).token);

describe('a client with a token of the organization', () => {
  it('registers, is told all there is of it, and signs people in', async () => {
    const { token } = await issue({ scopes: ['read', 'write'] });
    const answer = await register(
      {
        token_endpoint_auth_method: 'none',
        client_name: 'Editor',
        scope: 'read admin',
        software_id: 'editor',
        software_version: '1',
        client_uri: 'https://editor.example.com',
      },
      token,
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { client_id, registration_access_token } = answer.body;
    expect(answer.body).toEqual({
      client_id: expect.any(String),
      client_id_issued_at: expect.any(Number),
      registration_access_token: expect.stringMatching(/^rat_[\w-]{43}$/),
      registration_client_uri: `http://rivergate.test/oauth/register/${client_id}`,
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'Editor',
      scope: 'read',
      client_uri: 'https://editor.example.com',
      software_id: 'editor',
      software_version: '1',
      require_pushed_authorization_requests: false,
      dpop_bound_access_tokens: false,
    });
    const client = { ...organization, client_id, client_secret: undefined as never };
    const more = { redirect_uri: 'http://127.0.0.1:5555/callback' };
    const code = await oauth.code(client, person, {
      ...more,
      code_challenge: S256,
      code_challenge_method: 'S256',
    });
    const tokens = await oauth.exchange(client, code, { ...more, code_verifier: VERIFIER });
    expect((await oauth.state(tokens.body.access_token)).organization_id).toBe(organization.organizationId);

    const kept = JSON.stringify([
      await knex()('oauth_applications').where({ client_id }),
      await knex()('oauth_registration_tokens'),
      await knex()('outbox'),
    ]);
    for (const secret of [token, registration_access_token]) {
      expect(kept).toContain(tokenHash(secret));
      expect(kept).not.toContain(secret);
    }
    const where = oauth.form({ client_id, ...more });
    const info = await identity.anonymous().get(`/api/v1/oauth/app-info?${where}`).expect(200);
    expect(info.body.data).toMatchObject({ app_name: 'Editor', verified: false });
    const { applications } = (await organization.admin.get(organization.path.replace(/\/\d+$/, ''))).body
      .data;
    expect(applications[0]).toMatchObject({ client_id, self_registered: true });
  });

  it('is agreed to every time: what its user let it do before opens nothing without them', async () => {
    const redirect_uri = 'https://app.example.com/registered';
    const { body } = await register({ redirect_uris: [redirect_uri] });
    const client = { ...organization, ...body };
    const silent = { redirect_uri, scope: 'read', prompt: 'none' };
    await oauth.code(client, person, { redirect_uri, scope: 'read' });
    const url = await oauth.authorize(client, person, silent);
    expect(url.searchParams.get('error')).toBe('consent_required');
    const known = await oauth.application({ redirect_uris: [redirect_uri] });
    await oauth.code(known, person, { redirect_uri, scope: 'read' });
    expect((await oauth.authorize(known, person, silent)).searchParams.has('code')).toBe(true);
  });

  it('has a secret where it wants one, which never expires', async () => {
    const { body } = await register();
    expect(body).toMatchObject({
      client_secret: expect.stringMatching(/^secret_[\w-]{43}$/),
      client_secret_expires_at: 0,
      token_endpoint_auth_method: 'client_secret_basic',
    });
    const again = { ...organization, client_id: body.client_id, client_secret: body.client_secret };
    const own = await oauth.token(again, { grant_type: 'client_credentials' });
    // In the body, where it said that it would use the header.
    expect(refusal(own)).toEqual([401, 'invalid_client']);
  });

  it('proves itself by the keys that it brings, of its own alone, and has no secret then', async () => {
    const key = await startAssertingKey();
    const jwks = { keys: [key.jwk] };
    const { status, body } = await register({ token_endpoint_auth_method: 'private_key_jwt', jwks });
    expect([status, body.jwks, body.client_secret]).toEqual([201, jwks, undefined]);
    const client = { ...organization, client_id: body.client_id, client_secret: undefined as never };
    const exchange = async (proof: Record<string, string>) => {
      const redirect_uri = CALLBACK;
      const code = await oauth.code(client, person, { redirect_uri });
      return oauth.exchange(client, code, { redirect_uri, ...proof });
    };
    expect((await exchange(await key.proof(body.client_id))).status).toBe(200);
    for (const metadata of [
      {},
      { jwks: { keys: [key.privateJwk] } },
      { jwks: { keys: [] } },
      { jwks, jwks_uri: 'https://editor.example.com/jwks.json' },
    ]) {
      const answer = await register({ token_endpoint_auth_method: 'private_key_jwt', ...metadata });
      expect(refusal(answer)).toEqual([400, 'invalid_client_metadata']);
    }
    const other = await startAssertingKey();
    const next = {
      client_id: body.client_id,
      redirect_uris: [CALLBACK],
      jwks: { keys: [other.jwk] },
    };
    const path = `/oauth/register/${body.client_id}`;
    const changed = await registration.send('put', path, next, `Bearer ${body.registration_access_token}`);
    expect(changed.body).toMatchObject({ jwks: next.jwks, token_endpoint_auth_method: 'private_key_jwt' });
    expect(refusal(await exchange(await key.proof(body.client_id)))).toEqual([401, 'invalid_client']);
    expect((await exchange(await other.proof(body.client_id))).status).toBe(200);
  });

  it('sets nothing that is not for it to set', async () => {
    const { body } = await register({
      organization_id: 1,
      scopes: ['admin'],
      scope: 'read write admin',
      self_registered: false,
      trusted: true,
      verified: true,
      status: 'revoked',
      access_level: 'public',
      client_id: '00000000-0000-4000-8000-000000000000',
      client_secret: 'secret_mine',
      secret_hash: 'x',
      registration_token_hash: 'x',
      registration_access_token: 'rat_mine',
      grant_types: ['authorization_code', 'client_credentials', 'password', 'implicit'],
      response_types: ['code', 'token'],
      logo_uri: 'http://169.254.169.254/latest/meta-data',
      jwks_uri: 'http://127.0.0.1:1/jwks',
    });
    const row = await knex()('oauth_applications').where({ client_id: body.client_id }).first();
    expect(row).toMatchObject({
      organization_id: organization.organizationId,
      scopes: ['read'],
      grant_types: ['authorization_code'],
      self_registered: true,
      status: 'active',
      access_level: 'organization',
      secret_hash: tokenHash(body.client_secret),
    });
    expect(body.client_id).not.toBe('00000000-0000-4000-8000-000000000000');
    expect(body.client_secret).not.toBe('secret_mine');
    expect(body).not.toHaveProperty('logo_uri');
  });

  it.each([
    ['http://app.example.com/callback', 'invalid_redirect_uri'],
    ['http://127.0.0.1.evil.example/callback', 'invalid_redirect_uri'],
    ['https://user@app.example.com/', 'invalid_redirect_uri'],
    ['https://app.example.com/#x', 'invalid_redirect_uri'],
    ['javascript:alert(1)', 'invalid_redirect_uri'],
    ['data:text/html,x', 'invalid_redirect_uri'],
    ['com.example.app:/callback', 'invalid_redirect_uri'],
  ])('is not registered with %s', async (uri, error) => {
    expect(refusal(await register({ redirect_uris: [CALLBACK, uri] }))).toEqual([400, error]);
  });

  it.each([
    ['no redirect URI', { redirect_uris: [] }, 'invalid_request'],
    ['too many of them', { redirect_uris: Array(21).fill(CALLBACK) }, 'invalid_request'],
    ['a name with a line break', { client_name: 'a\nb' }, 'invalid_request'],
    ['a name that is written backwards', { client_name: 'a\u202eb' }, 'invalid_request'],
    ['an address that runs script', { client_uri: 'javascript:alert(1)' }, 'invalid_request'],
    ['a method that is none', { token_endpoint_auth_method: 'magic' }, 'invalid_client_metadata'],
    ['client_credentials alone', { grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    ['the implicit grant', { response_types: ['token'] }, 'invalid_client_metadata'],
    ['scopes beyond the token', { scope: 'admin' }, 'invalid_client_metadata'],
  ])('is not registered with %s', async (_, more, error) => {
    expect(refusal(await register(more))).toEqual([400, error]);
  });

  it('is refused more than 64 KiB, nested as it may be', async () => {
    const jwks = { keys: Array.from({ length: 2_000 }, () => ({ kty: 'RSA', n: 'x'.repeat(100) })) };
    expect((await register({ jwks })).status).toBe(413);
    const deep = `{"redirect_uris":["${CALLBACK}"],"contacts":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const headers = { authorization: `Bearer ${(await issue()).token}` };
    const answer = await identity.anonymous().post('/oauth/register', undefined, { raw: deep, headers });
    expect(refusal(answer)).toEqual([400, 'invalid_request']);
  });
});

describe('a registration token', () => {
  it('is shown once, listed by its prefix, and revoked', async () => {
    const { token, ...created } = await issue({ name: 'Build agents', max_uses: 3 });
    expect(token).toMatch(/^reg_[\w-]{43}$/);
    expect(created).toMatchObject({ name: 'Build agents', max_uses: 3, uses: 0, created_by: 1 });
    expect(created.token_prefix).toBe(token.slice(0, 12));
    await register({}, token);
    const path = registration.path(organization);
    const listed = async () => (await organization.admin.get(path).expect(200)).body.data.tokens;
    expect((await listed())[0]).toEqual({ ...created, uses: 1 });
    expect(JSON.stringify(await listed())).not.toContain(token);
    await organization.admin.delete(`${path}/${created.id}`).expect(200);
    expect(refusal(await register({}, token))).toEqual([401, 'invalid_token']);
    expectError(
      await organization.admin.delete(`${path}/${created.id}`),
      404,
      'REGISTRATION_TOKEN_NOT_FOUND',
    );
    expect((await listed()).map(({ id }: { id: number }) => id)).not.toContain(created.id);
  });

  it('works as often as it says, also when ten come at once; a refused registration is no use', async () => {
    const { token } = await issue({ max_uses: 3 });
    expect((await register({ scope: 'admin' }, token)).status).toBe(400);
    const answers = await Promise.all(Array.from({ length: 10 }, () => register({}, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(3).fill(201),
      ...Array(7).fill(401),
    ]);
  });

  it('ends when it says', async () => {
    const { token, id } = await issue();
    await knex()('oauth_registration_tokens')
      .where({ id })
      .update({ expires_at: knex().raw('now()') });
    expect(refusal(await register({}, token))).toEqual([401, 'invalid_token']);
  });

  it('is the only one of its kind: no other credential registers a client', async () => {
    const { body } = await register();
    for (const header of [
      `Bearer ${body.registration_access_token}`,
      `Bearer ${person.accessToken}`,
      `Bearer ${'x'.repeat(47)}`,
      `Basic ${Buffer.from(`${body.client_id}:${body.client_secret}`).toString('base64')}`,
      'Bearer',
    ]) {
      const answer = await registration.send(
        'post',
        '/oauth/register',
        { redirect_uris: [CALLBACK] },
        header,
      );
      expect(refusal(answer)).toEqual([401, 'invalid_token']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
  });

  it('is for administrators of the organization', async () => {
    const path = registration.path(organization);
    const { id } = await issue();
    const elsewhere = await oauth.application();
    for (const by of [identity.anonymous(), person.caller, elsewhere.admin])
      for (const answer of [
        await by.post(path, { name: 'x', scopes: ['read'] }),
        await by.get(path),
        await by.delete(`${path}/${id}`),
      ])
        expect([401, 403, 404]).toContain(answer.status);
    const theirs = `${registration.path(elsewhere)}/${id}`;
    expectError(await elsewhere.admin.delete(theirs), 404, 'REGISTRATION_TOKEN_NOT_FOUND');
    for (const wrong of [
      { max_uses: 0 },
      { max_uses: 1_001 },
      { expires_in_days: 91 },
      { scopes: [] },
      { uses: 5 },
    ])
      expectError(
        await organization.admin.post(path, { name: 'x', scopes: ['read'], ...wrong }),
        422,
        'VALIDATION_ERROR',
      );
  });
});
