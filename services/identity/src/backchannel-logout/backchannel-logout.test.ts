import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@rivergate/testing';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SigningKeys, signingKeys } from '../keys/signing-keys.ts';
import { settingsFromEnv } from '../settings.ts';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { ISSUER, type TestApplication } from '../testing/oauth-fixture.ts';
import { openidFixture } from '../testing/openid-fixture.ts';
import { sendLogouts } from './send-logouts.ts';

/** What came to the application, and what it answers. */
const app = { bodies: [] as { type: string | undefined; token: string | null }[], status: 200 };
let server: Server;
let identity: IdentityUnderTest;
let openid: ReturnType<typeof openidFixture>;
let uri: string;
let keys: SigningKeys;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const token = new URLSearchParams(text).get('logout_token');
    app.bodies.push({ type: request.headers['content-type'], token });
    response.writeHead(app.status).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel-logout`;
  identity = await startIdentityUnderTest({ OUTBOUND_ALLOW: '127.0.0.1' });
  openid = openidFixture(identity);
  const { knex, secretBox, log } = identity.resources;
  keys = signingKeys(knex, secretBox, log);
  await keys.read();
});
afterAll(async () => {
  keys?.stop();
  server?.close();
  await identity?.stop();
});
beforeEach(async () => {
  Object.assign(app, { bodies: [], status: 200 });
  await identity.resources.knex('logout_notices').delete();
});

async function signedIn(fields: object = {}, scope = 'openid') {
  const application = await openid.application({ backchannel_logout_uri: uri, ...fields });
  const person = await identity.person();
  const tokens = await openid.signIn(application, person, { scope });
  return { application, person, tokens };
}
/** What a worker does in a turn. */
async function send() {
  const tools = { ...identity.resources, keys, settings: settingsFromEnv({ PUBLIC_URL: ISSUER }) };
  const claimed = await sendLogouts.claim(tools, 50);
  const sent = await Promise.all(claimed.map(notice => sendLogouts.work(tools, notice)));
  await sendLogouts.settle!(tools, sent);
}
const waiting = async () =>
  Number((await identity.resources.knex('logout_notices').count('* as n').first())!.n);
const due = () => identity.resources.knex('logout_notices').update({ next_try_at: new Date(0) });
/** The service has a worker of its own, which may be the one that sends. */
const heard = (times: number) => eventually(async () => expect(app.bodies).toHaveLength(times));
const logOut = ({ caller }: Person) => caller.post('/api/v1/auth/logout').expect(204);

async function verified(token: string, { client_id }: TestApplication, alg = 'ES256') {
  const { body } = await identity.anonymous().get('/.well-known/jwks.json');
  const demands = { issuer: ISSUER, audience: client_id, algorithms: [alg], typ: 'logout+jwt' };
  return (await jwtVerify(token, createLocalJWKSet(body), demands)).payload;
}

describe('the end of a session', () => {
  it.each(['ES256', 'RS256'])(
    'is told to the application that it signed in, by a logout token of %s',
    async alg => {
      const { application, person, tokens } = await signedIn({ id_token_signed_response_alg: alg });
      await logOut(person);
      await send();
      expect(app.bodies).toHaveLength(1);
      expect(app.bodies[0]!.type).toBe('application/x-www-form-urlencoded');
      const claims = await verified(app.bodies[0]!.token!, application, alg);
      const idToken = await openid.verified(tokens.id_token, application, alg);
      expect(claims).toEqual({
        iss: ISSUER,
        aud: application.client_id,
        sub: idToken.sub,
        sid: idToken.sid,
        iat: expect.any(Number),
        exp: claims.iat! + 120,
        jti: expect.any(String),
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      });
      await eventually(async () => expect(await waiting()).toBe(0));
    },
  );

  it('is told also where the application may act while the user is away', async () => {
    const { person } = await signedIn({}, 'openid offline_access');
    await logOut(person);
    await send();
    await heard(1);
  });

  it('is told once, however often it is asked for and by however many it is sent', async () => {
    const { person, application } = await signedIn();
    await openid.signIn(application, person);
    await Promise.all(Array.from({ length: 10 }, () => person.caller.post('/api/v1/auth/logout')));
    await Promise.all(Array.from({ length: 10 }, send));
    await send();
    await heard(1);
  });

  it('is not told to who signed nobody in, has no address, or never fetched its tokens', async () => {
    const { person } = await signedIn({}, 'read');
    await logOut(person);
    const other = await signedIn({ backchannel_logout_uri: null });
    await logOut(other.person);
    const application = await openid.application({ backchannel_logout_uri: uri });
    const third = await identity.person();
    await openid.code(application, third, { scope: 'openid' });
    await logOut(third);
    await eventually(async () => expect(await waiting()).toBe(0));
  });

  it('is tried again with a new token where the application fails, and given up in the end', async () => {
    const { person } = await signedIn();
    app.status = 503;
    await logOut(person);
    await send();
    await send();
    await heard(1);
    for (let tries = 2; tries <= 7; tries++) {
      expect(await waiting()).toBe(1);
      await due();
      await send();
      await heard(tries);
    }
    expect(new Set(app.bodies.map(({ token }) => token)).size).toBe(7);
    await eventually(async () => expect(await waiting()).toBe(0));
  });

  it('is not told again to an application that refuses it', async () => {
    const { person } = await signedIn();
    app.status = 400;
    await logOut(person);
    await send();
    await eventually(async () => expect(await waiting()).toBe(0));
  });

  it('goes to no address inside that the operator does not allow', async () => {
    const { person } = await signedIn({ backchannel_logout_uri: uri.replace('127.0.0.1', '127.0.0.2') });
    await logOut(person);
    await send();
    expect(app.bodies).toEqual([]);
    expect(await waiting()).toBe(1);
  });

  it('opens nothing at the API', async () => {
    const { person, application } = await signedIn();
    await logOut(person);
    await send();
    await heard(1);
    expect(await openid.known(app.bodies[0]!.token!)).toBeNull();
    const answer = await openid.refresh(application, app.bodies[0]!.token!);
    expect(answer.status).toBe(400);
  });
});

it.each([
  'ftp://app.example.com/',
  'javascript:alert(1)',
  'not a url',
  `https://${'a'.repeat(2_100)}.example`,
])('422 for %s as the address of an application', async address => {
  const { admin, path } = await openid.application();
  const answer = await admin.patch(path, { backchannel_logout_uri: address });
  expect(answer.status).toBe(422);
});
