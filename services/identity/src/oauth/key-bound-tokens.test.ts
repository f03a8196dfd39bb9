import { type Prover, startProver, unsigned } from '@rivergate/caller/test-dpop';
import { tokenHash } from '@rivergate/secrets';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEVICE_CODE } from '../oauth-applications/application.ts';
import { deviceFixture } from '../testing/device-fixture.ts';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { CALLBACK, ISSUER, oauthFixture, refusal, type TestApplication } from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let person: Person;
let client: Prover;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  [person, application] = [await identity.person(), await oauth.application()];
});
afterAll(() => identity?.stop());
beforeEach(async () => {
  client = await startProver();
});

const asking = { method: 'POST', url: `${ISSUER}/oauth/token` };
type Fields = Record<string, string | undefined>;
const send = (fields: Fields, dpop?: string) =>
  oauth.send(
    '/oauth/token',
    oauth.form({ ...oauth.credentials(application), ...fields }),
    undefined,
    dpop === undefined ? {} : { dpop },
  );
const own = (dpop?: string) => send({ grant_type: 'client_credentials', scope: 'read' }, dpop);
const exchange = (code: string, dpop?: string) =>
  send({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK }, dpop);
const refresh = (refresh_token: string, dpop?: string) =>
  send({ grant_type: 'refresh_token', refresh_token }, dpop);
const introspected = async (token: string) =>
  (await oauth.send('/oauth/introspect', oauth.form({ ...oauth.credentials(application), token }))).body;
const invalidProof = [400, 'invalid_dpop_proof'];
const invalidGrant = [400, 'invalid_grant'];

describe('a token that is asked for with a DPoP proof', () => {
  it('is bound to its key, and everybody who is asked says so', async () => {
    const { status, body } = await own(await client.prove(asking));
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
    expect(decodeJwt(body.access_token).cnf).toEqual({ jkt: client.thumbprint });
    expect((await oauth.state(body.access_token)).key_thumbprint).toBe(client.thumbprint);
    expect(await introspected(body.access_token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: client.thumbprint },
    });
    const { body: free } = await own();
    expect([free.token_type, decodeJwt(free.access_token).cnf]).toEqual(['bearer', undefined]);
    expect((await oauth.state(free.access_token)).key_thumbprint).toBeNull();
    expect(await introspected(free.access_token)).not.toHaveProperty('cnf');
  });

  it('may be for a user and a device as well', async () => {
    const code = await oauth.code(application, person);
    const { body } = await exchange(code, await client.prove(asking));
    expect((await oauth.state(body.access_token)).key_thumbprint).toBe(client.thumbprint);
    const device = deviceFixture(identity);
    const box = await device.application();
    const codes = await device.codes(box);
    await device.answer(person, codes.user_code).expect(204);
    const { device_code } = codes;
    const fields = oauth.form({ ...oauth.credentials(box), grant_type: DEVICE_CODE, device_code });
    const answer = await oauth.send('/oauth/token', fields, undefined, { dpop: await client.prove(asking) });
    expect([answer.status, answer.body.token_type]).toEqual([200, 'DPoP']);
  });

  it('is not given for a proof of another request, a wrong one, or several', async () => {
    const iat = Math.floor(Date.now() / 1_000);
    const secret = new TextEncoder().encode('a secret that both sides know of');
    const right = await client.prove(asking);
    for (const wrong of [
      await client.prove({ ...asking, method: 'GET' }),
      await client.prove({ ...asking, url: `${ISSUER}/oauth/token/revoke` }),
      await client.prove({ ...asking, url: 'http://elsewhere.test/oauth/token' }),
      await client.prove(asking, { claims: { iat: iat - 90 } }),
      await client.prove(asking, { claims: { iat: iat + 90 } }),
      await client.prove(asking, { claims: { jti: undefined } }),
      await client.prove(asking, { header: { jwk: client.privateJwk } }),
      await client.prove(asking, { header: { alg: 'HS256' }, signWith: secret }),
      unsigned(right),
      `${right}, ${await client.prove(asking)}`,
      'x',
      'x'.repeat(9_000),
    ])
      expect(refusal(await own(wrong))).toEqual(invalidProof);
    expect((await own(right)).status).toBe(200);
  });

  it('takes a proof once, out of ten at once', async () => {
    const proof = await client.prove(asking);
    const answers = await Promise.all(Array.from({ length: 10 }, () => own(proof)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200).map(refusal)).toEqual(Array(9).fill(invalidProof));
  });
});

describe('a code with dpop_jkt', () => {
  it('is exchanged with a proof of its key, and by nothing else', async () => {
    const code = await oauth.code(application, person, { dpop_jkt: client.thumbprint });
    const other = await startProver();
    for (const proof of [undefined, await other.prove(asking)])
      expect(refusal(await exchange(code, proof))).toEqual(invalidGrant);
    const { status, body } = await exchange(code, await client.prove(asking));
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
  });

  it('is not given for what is no thumbprint', async () => {
    const refused = await oauth.authorize(application, person, { dpop_jkt: 'short' });
    expect(refused.searchParams.get('error')).toBe('invalid_request');
    const { client_id } = application;
    const body = { client_id, redirect_uri: CALLBACK, approve: true };
    const json = (dpop_jkt: string) => person.caller.post('/api/v1/oauth/authorize', { ...body, dpop_jkt });
    expect((await json('short')).status).toBe(422);
    const { redirect_url } = (await json(client.thumbprint).expect(200)).body.data;
    expect(refusal(await exchange(new URL(redirect_url).searchParams.get('code')!))).toEqual(invalidGrant);
  });
});

describe('a refresh token', () => {
  it('of a client with a secret is bound to that, and its tokens to the key of each proof', async () => {
    const code = await oauth.code(application, person);
    const first = (await exchange(code, await client.prove(asking))).body;
    const other = await startProver();
    const second = (await refresh(first.refresh_token, await other.prove(asking))).body;
    expect((await oauth.state(second.access_token)).key_thumbprint).toBe(other.thumbprint);
    expect((await oauth.state(first.access_token)).key_thumbprint).toBe(client.thumbprint);
    expect((await refresh(second.refresh_token)).body.token_type).toBe('bearer');
  });

  it('that is bound to a key is refused to whoever has another, who does not use it up', async () => {
    const { refresh_token } = (await exchange(await oauth.code(application, person))).body;
    await identity.resources
      .knex('oauth_tokens')
      .where({ token_hash: tokenHash(refresh_token) })
      .update({ key_thumbprint: client.thumbprint });
    const thief = await startProver();
    for (const proof of [undefined, await thief.prove(asking)])
      expect(refusal(await refresh(refresh_token, proof))).toEqual(invalidGrant);
    expect((await refresh(refresh_token, await client.prove(asking))).status).toBe(200);
  });
});
