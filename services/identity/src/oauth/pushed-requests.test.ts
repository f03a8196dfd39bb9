import { startProver } from '@rivergate/caller/test-dpop';
import { expectError } from '@rivergate/testing';
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
  VERIFIER,
} from '../testing/oauth-fixture.ts';
import { forgetPushed } from './pushed-request-store.ts';

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

const challenge = { code_challenge: S256, code_challenge_method: 'S256' };
const asked = { response_type: 'code', redirect_uri: CALLBACK, scope: 'read', state: 'st', ...challenge };
const push = (by = application, more: Record<string, string | undefined> = {}) =>
  oauth.send('/oauth/par', oauth.form({ ...oauth.credentials(by), ...asked, ...more }));
const pushed = async (by = application, more = {}): Promise<string> =>
  (await push(by, more)).body.request_uri;
const authorize = (request_uri: string, { client_id } = application, more = {}) =>
  person.caller.get(`/oauth/authorize?${oauth.form({ client_id, request_uri, ...more })}`);
const asJson = (request_uri: string, more = {}) =>
  person.caller.post('/api/v1/oauth/authorize', {
    client_id: application.client_id,
    request_uri,
    approve: true,
    ...more,
  });
const info = (request_uri: string, { client_id } = application) =>
  identity.anonymous().get(`/api/v1/oauth/app-info?${oauth.form({ client_id, request_uri })}`);
const rows = () => identity.resources.knex('oauth_pushed_requests');

describe('a pushed request', () => {
  it('gives a request_uri that leads to a code, and is kept by its hash', async () => {
    const answer = await push();
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { request_uri } = answer.body;
    expect(answer.body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/),
      expires_in: 90,
    });
    const kept = JSON.stringify(await rows());
    expect(kept).not.toContain(request_uri.slice(-43));
    expect(kept).not.toContain(application.client_secret);
    const { headers } = await authorize(request_uri).expect(302);
    const url = new URL(headers.get('location')!);
    expect(url.searchParams.get('state')).toBe('st');
    const code = url.searchParams.get('code')!;
    const tokens = await oauth.exchange(application, code, { code_verifier: VERIFIER });
    expect(tokens.body.scope).toBe('read');
  });

  it('counts alone: what stands beside its request_uri changes nothing', async () => {
    const more = {
      scope: 'write',
      state: 'other',
      redirect_uri: 'https://evil.example/',
      code_challenge: '',
    };
    const { headers } = await authorize(await pushed(), application, more).expect(302);
    const url = new URL(headers.get('location')!);
    expect(url.href).toMatch(CALLBACK);
    expect(url.searchParams.get('state')).toBe('st');
    const code = url.searchParams.get('code')!;
    expect((await oauth.exchange(application, code, { code_verifier: VERIFIER })).body.scope).toBe('read');
  });

  it('works once, also of ten times at once, by whichever way it is answered', async () => {
    const request_uri = await pushed();
    const answers = await Promise.all(Array.from({ length: 10 }, () => authorize(request_uri)));
    expect(answers.map(({ status }) => status).sort()).toEqual([302, ...Array(9).fill(400)]);
    expectError(await asJson(request_uri), 400, 'INVALID_REQUEST_URI');
    expectError(await info(request_uri), 400, 'INVALID_REQUEST_URI');
    const refused = await pushed();
    const { data } = (await asJson(refused, { approve: false }).expect(200)).body;
    expect(data.redirect_url).toContain('error=access_denied&state=st');
    expectError(await asJson(refused), 400, 'INVALID_REQUEST_URI');
  });

  it('is its client’s alone', async () => {
    const other = await oauth.application();
    const request_uri = await pushed(other);
    expect(refusal(await authorize(request_uri))).toEqual([400, 'invalid_request']);
    expectError(await asJson(request_uri), 400, 'INVALID_REQUEST_URI');
    expectError(await info(request_uri), 400, 'INVALID_REQUEST_URI');
    await authorize(request_uri, other).expect(302);
  });

  it('waits 90 seconds to be opened, once 15 minutes to be answered, and is forgotten', async () => {
    const request_uri = await pushed();
    const lives = async () => {
      const left = await rows()
        .where({ application_id: application.id })
        .orderBy('created_at', 'desc')
        .first(identity.resources.knex.raw('extract(epoch from expires_at - now())::int as seconds'));
      return left.seconds;
    };
    const shift = (by: string) =>
      rows().update({ expires_at: identity.resources.knex.raw(`expires_at - interval '${by}'`) });
    expect(await lives()).toBeLessThanOrEqual(90);
    const { data } = (await info(request_uri).expect(200)).body;
    expect(data).toMatchObject({ requested_scopes: ['read'], redirect_uri: CALLBACK });
    expect(await lives()).toBeGreaterThan(880);
    await shift('10 minutes');
    await info(request_uri).expect(200);
    expect(await lives()).toBeLessThan(301);
    await shift('5 minutes');
    expect(refusal(await authorize(request_uri))).toEqual([400, 'invalid_request']);
    await forgetPushed(identity.resources.knex);
    expect(await rows().where({ application_id: application.id })).toEqual([]);
  });

  it.each([
    ['a redirect URI that is not registered', { redirect_uri: `${CALLBACK}/x` }, 'invalid_request'],
    ['no redirect URI', { redirect_uri: undefined }, 'invalid_request'],
    ['another response_type', { response_type: 'token' }, 'invalid_request'],
    ['a request_uri', { request_uri: 'urn:x' }, 'invalid_request'],
    ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    [
      'a request object, whatever else is wrong',
      { request: 'x', scope: 'admin', redirect_uri: undefined },
      'request_not_supported',
    ],
    ['a registration', { registration: '{}' }, 'registration_not_supported'],
    ['claims that are none', { claims: '{' }, 'invalid_request'],
    ['a prompt that is none', { prompt: 'none login' }, 'invalid_request'],
    ['a hint that is none', { id_token_hint: 'x' }, 'invalid_request'],
    ['a response mode that is none', { response_mode: 'fragment' }, 'invalid_request'],
    ['a challenge that is none', { code_challenge: 'x' }, 'invalid_request'],
    ['a scope beyond the client', { scope: 'admin' }, 'invalid_scope'],
    ['a resource that is none', { resource: 'https://mcp.example.com' }, 'invalid_target'],
  ])('is refused for %s', async (_, more, error) => {
    expect(refusal(await push(application, more))).toEqual([400, error]);
  });

  it('binds its code to the key of a DPoP proof, and to no other than the one that it names', async () => {
    const client = await startProver();
    const prove = async (path: string) => ({
      dpop: await client.prove({ method: 'POST', url: ISSUER + path }),
    });
    const send = async (more = {}) => {
      const form = oauth.form({ ...oauth.credentials(application), ...asked, ...more });
      return oauth.send('/oauth/par', form, undefined, await prove('/oauth/par'));
    };
    expect(refusal(await send({ dpop_jkt: 'x'.repeat(43) }))).toEqual([400, 'invalid_request']);
    const { request_uri } = (await send()).body;
    const { headers } = await authorize(request_uri).expect(302);
    const code = new URL(headers.get('location')!).searchParams.get('code')!;
    const fields = { code_verifier: VERIFIER };
    expect(refusal(await oauth.exchange(application, code, fields))).toEqual([400, 'invalid_grant']);
    const form = oauth.form({
      ...oauth.credentials(application),
      ...fields,
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
    });
    const proven = await oauth.send('/oauth/token', form, undefined, await prove('/oauth/token'));
    expect(proven.body.token_type).toBe('DPoP');
  });

  it('is refused from who is not the client, and from a client without the grant', async () => {
    const impostor = { ...application, client_secret: 'x' };
    expect(refusal(await push(impostor))).toEqual([401, 'invalid_client']);
    expect(refusal(await oauth.send('/oauth/par', oauth.form(asked)))).toEqual([400, 'invalid_request']);
    const program = await oauth.application({ grant_types: ['client_credentials'] });
    expect(refusal(await push(program))).toEqual([400, 'unauthorized_client']);
  });

  it('holds a public client to its challenge', async () => {
    const one = await oauth.application({
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
    });
    const plain = { code_challenge: VERIFIER, code_challenge_method: 'plain' };
    expect(refusal(await push(one, plain))).toEqual([400, 'invalid_request']);
    expect((await push(one)).status).toBe(201);
  });
});

describe('a client that has to push its requests', () => {
  it('leads nowhere without one, until it need not any more', async () => {
    const one = await oauth.application({ require_pushed_authorization_requests: true });
    const query = oauth.form({ client_id: one.client_id, ...asked });
    const plain = () => person.caller.get(`/oauth/authorize?${query}`);
    expect(refusal(await plain())).toEqual([400, 'invalid_request']);
    const { client_id } = one;
    const where = oauth.form({ client_id, redirect_uri: CALLBACK });
    expectError(
      await identity.anonymous().get(`/api/v1/oauth/app-info?${where}`),
      400,
      'INVALID_REQUEST_URI',
    );
    const json = { client_id, redirect_uri: CALLBACK, approve: true };
    expectError(await person.caller.post('/api/v1/oauth/authorize', json), 400, 'INVALID_REQUEST_URI');
    await authorize(await pushed(one), one).expect(302);
    await one.admin.patch(one.path, { require_pushed_authorization_requests: false }).expect(200);
    await plain().expect(302);
  });
});
