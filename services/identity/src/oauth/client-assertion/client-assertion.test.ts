import { randomUUID } from 'node:crypto';
import { unsigned } from '@rivergate/caller/test-dpop';
import { expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVICE_CODE } from '../../oauth-applications/application.ts';
import { type AssertingKey, startAssertingKey } from '../../testing/asserting-client.ts';
import { type IdentityUnderTest, startIdentityUnderTest } from '../../testing/identity-under-test.ts';
import {
  CALLBACK,
  ISSUER,
  oauthFixture,
  refusal,
  S256,
  type TestApplication,
} from '../../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let key: AssertingKey;
let application: TestApplication;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  key = await startAssertingKey();
  application = await registered([key]);
});
afterAll(() => identity?.stop());

const registered = (keys: AssertingKey[], more: object = {}) =>
  oauth.application({
    grant_types: ['authorization_code', 'client_credentials', DEVICE_CODE],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: keys.map(({ jwk }) => jwk) },
    ...more,
  });
type More = Parameters<AssertingKey['assert']>[1];
const grant = (assertion: Record<string, string | undefined>, headers = {}) =>
  oauth.send(
    '/oauth/token',
    oauth.form({ grant_type: 'client_credentials', ...assertion }),
    undefined,
    headers,
  );
const ask = async (more: More = {}, by = application, using = key) =>
  grant(await using.proof(by.client_id, more));
const refused = async (more: More, by?: TestApplication, using?: AssertingKey) =>
  expect(refusal(await ask(more, by, using))).toEqual([401, 'invalid_client']);
const now = () => Math.floor(Date.now() / 1_000);

/** Every endpoint at which clients prove themselves, with what else it takes. */
const endpoints = {
  '/oauth/token': { grant_type: 'client_credentials' },
  '/oauth/par': { response_type: 'code', redirect_uri: CALLBACK, code_challenge: S256 },
  '/oauth/introspect': { token: 'unknown' },
  '/oauth/token/revoke': { token: 'unknown' },
  '/oauth/device_authorization': {},
};

describe('a client with a key', () => {
  it.each(['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'])('proves itself with %s', async algorithm => {
    const own = await startAssertingKey('own', algorithm);
    expect((await ask({}, await registered([own]), own)).status).toBe(200);
  });

  it.each(Object.entries(endpoints))('proves itself at %s, and by nothing else', async (path, fields) => {
    const { client_id } = application;
    const send = (credentials: Record<string, string>, headers = {}) =>
      oauth.send(path, oauth.form({ ...fields, ...credentials }), undefined, headers);
    const proof = await key.proof(client_id);
    expect(await send(proof)).toMatchObject({ status: path === '/oauth/par' ? 201 : 200 });
    expect(refusal(await send(proof))).toEqual([401, 'invalid_client']);
    expect(refusal(await send({ client_id }))).toEqual([400, 'invalid_request']);
    expect(refusal(await send({ client_id, client_secret: '' }))).toEqual([400, 'invalid_request']);
    const basic = { authorization: `Basic ${Buffer.from(`${client_id}:`).toString('base64')}` };
    expect(refusal(await send({}, basic))).toEqual([401, 'invalid_client']);
    const both = { ...(await key.proof(client_id)), client_id, client_secret: 'secret' };
    expect(refusal(await send(both))).toEqual([400, 'invalid_request']);
    expect(refusal(await send(await key.proof(client_id), basic))).toEqual([400, 'invalid_request']);
    // Whoever reads of the other's metadata that its token endpoint is this one cannot use here what it is sent.
    const elsewhere = await key.proof(client_id, { claims: { aud: ISSUER + path } });
    expect(refusal(await send(elsewhere))).toEqual([401, 'invalid_client']);
  });

  it('has no secret, is never given one, and cannot be registered with one beside', async () => {
    expect(application.client_secret).toBeUndefined();
    const { admin, path } = application;
    expectError(await admin.post(`${path}/regenerate-secret`, {}), 409, 'CLIENT_HAS_NO_SECRET');
    expectError(await admin.patch(path, { jwks: null }), 422, 'VALIDATION_ERROR');
    expectError(await admin.patch(path, { token_endpoint_auth_method: 'none' }), 422, 'VALIDATION_ERROR');
    const bySecret = await oauth.application();
    const jwks = { keys: [key.jwk] };
    expectError(await bySecret.admin.patch(bySecret.path, { jwks }), 422, 'VALIDATION_ERROR');
    expect(refusal(await ask({}, bySecret))).toEqual([401, 'invalid_client']);
  });

  it('uses an assertion once, of ten times at once too, whatever the endpoint', async () => {
    const jti = randomUUID();
    const claims = { jti };
    const assertion = await key.proof(application.client_id, { claims });
    const answers = await Promise.all(Array.from({ length: 10 }, () => grant(assertion)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
    await refused({ claims: { ...claims, exp: now() + 100 } });
    const asked = { token: 'unknown', ...(await key.proof(application.client_id, { claims })) };
    expect(refusal(await oauth.send('/oauth/introspect', oauth.form(asked)))).toEqual([
      401,
      'invalid_client',
    ]);
    // The name is that of the client: another one may have the same.
    const other = await registered([key]);
    expect((await ask({ claims }, other)).status).toBe(200);
  });

  it('exchanges a code and refreshes by an assertion each, and not without', async () => {
    const person = await identity.person();
    const { client_id } = application;
    const code = await oauth.code(application, person, { scope: 'read' });
    const exchange = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      ...(await key.proof(client_id)),
    };
    const { body } = await oauth.send('/oauth/token', oauth.form(exchange)).expect(200);
    const { refresh_token } = body;
    const refresh = async (credentials: Record<string, string>) =>
      oauth.send('/oauth/token', oauth.form({ grant_type: 'refresh_token', refresh_token, ...credentials }));
    expect(refusal(await refresh({ client_id }))).toEqual([400, 'invalid_request']);
    expect((await refresh(await key.proof(client_id))).status).toBe(200);
  });
});

describe('an assertion', () => {
  it('is refused for another audience, also where that stands beside the right one', async () => {
    for (const aud of [
      'https://other.example.com',
      `${ISSUER}/`,
      `${ISSUER}/oauth/token`,
      [ISSUER],
      [ISSUER, 'https://other.example.com'],
      ISSUER.toUpperCase(),
      '',
      null,
      7,
      undefined,
    ])
      await refused({ claims: { aud } });
  });

  it('is refused unsigned, and signed with the public key as if that were a secret', async () => {
    const { client_id } = application;
    const assertion = unsigned(await key.assert(client_id));
    const type = (await key.proof(client_id)).client_assertion_type!;
    const sent = { client_assertion_type: type, client_assertion: assertion };
    expect(refusal(await grant(sent))).toEqual([401, 'invalid_client']);
    const bytes = (text: string) => new TextEncoder().encode(text.padEnd(64, '='));
    for (const secret of [JSON.stringify(key.jwk), key.jwk.x!, client_id])
      for (const alg of ['HS256', 'HS512']) await refused({ header: { alg }, signWith: bytes(secret) });
  });

  it('is refused by a key that it brings itself, and by one of a name that leads elsewhere', async () => {
    const thief = await startAssertingKey('first');
    const { client_id } = application;
    await refused({}, application, thief);
    for (const header of [
      { jwk: thief.jwk },
      { jku: 'http://127.0.0.1:1/jwks.json' },
      { x5u: 'http://127.0.0.1:1/cert.pem' },
      { x5c: ['MIIB'] },
      { kid: '../../../../etc/passwd' },
      { kid: 'http://127.0.0.1:1/jwks.json' },
      { kid: "first' or '1'='1" },
      { kid: '__proto__' },
      { kid: '' },
      { kid: 7 },
      { kid: 'x'.repeat(2_000) },
    ])
      await refused({ header }, application, thief);
    await refused({ header: { kid: 'second' } });
    const parts = (await key.assert(client_id)).split('.');
    const type = (await key.proof(client_id)).client_assertion_type!;
    for (const text of ['', 'a', '..', 'a.b.c', `${parts[0]}.${parts[1]}.`, parts.slice(0, 2).join('.')]) {
      const answer = await grant({ client_assertion_type: type, client_assertion: text || 'x', client_id });
      expect(refusal(answer)).toEqual([401, 'invalid_client']);
    }
  });

  it('is refused of somebody else, whoever it names', async () => {
    const other = await registered([await startAssertingKey()]);
    const { client_id } = application;
    await refused({ claims: { iss: other.client_id } });
    await refused({ claims: { sub: other.client_id } });
    await refused({ claims: { iss: other.client_id, sub: other.client_id } });
    for (const sub of [undefined, null, 7, '', 'unknown', randomUUID(), "' or 1=1"])
      await refused({ claims: { sub } });
    await refused({ claims: { iss: undefined } });
    const proof = await key.proof(client_id);
    expect(refusal(await grant({ ...proof, client_id: other.client_id }))).toEqual([400, 'invalid_request']);
    expect((await grant({ ...proof, client_id })).status).toBe(200);
  });

  it('is refused expired, not good yet, good for longer than ten minutes, and without an end', async () => {
    for (const exp of [now() - 60, now() + 700, now() + 1e9, 1e300, undefined, 'soon', null, 0, -1])
      await refused({ claims: { exp } });
    await refused({ claims: { nbf: now() + 120 } });
    for (const claims of [
      { exp: now() + 590 },
      { exp: now() - 10 },
      { nbf: now() + 10 },
      { exp: now() + 60.5 },
    ])
      expect((await ask({ claims })).status).toBe(200);
  });

  it('is refused without a name of its own, and of another kind of token', async () => {
    for (const jti of [undefined, '', null, 7, ['a'], 'x'.repeat(257)]) await refused({ claims: { jti } });
    for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'jwt']) await refused({ header: { typ } });
    for (const typ of ['JWT', 'client-authentication+jwt'])
      expect((await ask({ header: { typ } })).status).toBe(200);
  });

  it('comes with its type, and is of a length that can be read', async () => {
    const { client_assertion } = await key.proof(application.client_id);
    expect(refusal(await grant({ client_assertion }))).toEqual([400, 'invalid_request']);
    const type = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
    expect(refusal(await grant({ client_assertion, client_assertion_type: type }))).toEqual([
      400,
      'invalid_request',
    ]);
    const proof = await key.proof(application.client_id, { claims: { more: 'x'.repeat(5_000) } });
    expect(refusal(await grant(proof))).toEqual([400, 'invalid_request']);
  });

  it('counts for the keys of this moment', async () => {
    const [old, fresh] = [await startAssertingKey('old'), await startAssertingKey('new')];
    const own = await registered([old]);
    expect((await ask({}, own, old)).status).toBe(200);
    await own.admin.patch(own.path, { jwks: { keys: [fresh.jwk] } }).expect(200);
    await refused({}, own, old);
    expect((await ask({}, own, fresh)).status).toBe(200);
    await own.admin.patch(own.path, { status: 'revoked' }).expect(200);
    await refused({}, own, fresh);
  });

  it('needs no kid where one key goes with it, and names one of several', async () => {
    const unnamed = await startAssertingKey(undefined);
    expect((await ask({}, await registered([unnamed]), unnamed)).status).toBe(200);
    const keys = [await startAssertingKey('a'), await startAssertingKey('b')];
    const own = await registered(keys);
    await refused({ header: { kid: undefined } }, own, keys[0]);
    for (const one of keys) expect((await ask({}, own, one)).status).toBe(200);
  });
});

describe('registering keys', () => {
  const tryKeys = async (...keys: object[]) => {
    const wanted = {
      name: randomUUID(),
      grant_types: ['client_credentials'],
      redirect_uris: [],
      scopes: ['read'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys },
    };
    return application.admin.post(application.path.replace(/\/\d+$/, ''), wanted);
  };

  it('keeps what is public of them, and nothing else', async () => {
    const { body } = await tryKeys({ ...key.jwk, x5c: ['MIIB'], ext: true }).then(answer => answer);
    expect(body.data.jwks).toEqual({ keys: [key.jwk] });
    expect(body.data.client_secret).toBeUndefined();
  });

  it('refuses private, shared and weak ones, those for something else, none, too many, and namesakes', async () => {
    const [weak, strong] = [
      await startAssertingKey('rsa', 'RS256', { modulusLength: 2_048 }),
      await startAssertingKey('p384', 'ES384'),
    ];
    const { jwk, privateJwk } = key;
    for (const keys of [
      [privateJwk],
      [{ ...jwk, d: 'AAAA' }],
      [{ kty: 'oct', k: 'c2VjcmV0' }],
      [{ ...weak.jwk, n: weak.jwk.n!.slice(0, 171) }],
      [{ ...weak.jwk, n: weak.jwk.n!.repeat(3).slice(0, 1_024) }],
      [strong.jwk],
      [{ ...jwk, alg: 'HS256' }],
      [{ ...jwk, alg: 'none' }],
      [{ ...jwk, use: 'enc' }],
      [{ ...jwk, x: jwk.y, y: jwk.x }],
      [{ ...jwk, x: '' }],
      [],
      Array.from({ length: 21 }, (_, index) => ({ ...jwk, kid: String(index) })),
      [jwk, jwk],
      [jwk, privateJwk],
    ]) {
      const answer = await tryKeys(...keys);
      expectError(answer, 422, 'VALIDATION_ERROR');
      expect(JSON.stringify(answer.body)).not.toContain(privateJwk.d);
    }
  });

  it('takes keys or their address, not both, and for clients that prove themselves by them only', async () => {
    const jwks = { keys: [key.jwk] };
    const jwks_uri = 'https://app.example.com/jwks.json';
    const { admin, path } = application;
    const create = (more: object) =>
      admin.post(path.replace(/\/\d+$/, ''), {
        name: randomUUID(),
        grant_types: ['client_credentials'],
        redirect_uris: [],
        scopes: ['read'],
        ...more,
      });
    const byKey = { token_endpoint_auth_method: 'private_key_jwt' };
    for (const more of [
      byKey,
      { ...byKey, jwks, jwks_uri },
      { jwks },
      { jwks_uri },
      { token_endpoint_auth_method: 'none', jwks },
      { token_endpoint_auth_method: 'client_secret_basic', jwks_uri },
      { ...byKey, jwks_uri: 'ftp://app.example.com/jwks' },
      { ...byKey, jwks_uri: 'file:///etc/passwd' },
    ])
      expectError(await create(more), 422, 'VALIDATION_ERROR');
    const { data } = (await create({ ...byKey, jwks_uri }).expect(201)).body;
    expect(data).toMatchObject({ jwks: null, jwks_uri });
  });
});
