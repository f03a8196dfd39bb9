import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AssertingKey, startAssertingKey } from '../../testing/asserting-client.ts';
import { type IdentityUnderTest, startIdentityUnderTest } from '../../testing/identity-under-test.ts';
import { oauthFixture, refusal, type TestApplication } from '../../testing/oauth-fixture.ts';

/** What is published, and how often it was asked for. */
const site = { answer: (_: ServerResponse) => {}, requests: 0 };
let server: Server;
let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let key: AssertingKey;
let origin: string;
beforeAll(async () => {
  server = createServer((_, response) => {
    site.requests += 1;
    site.answer(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  identity = await startIdentityUnderTest({ OUTBOUND_ALLOW: '127.0.0.1' });
  oauth = oauthFixture(identity);
  key = await startAssertingKey();
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await identity?.stop();
});
beforeEach(() => {
  site.requests = 0;
  publish({ keys: [key.jwk] });
});
afterEach(() => vi.restoreAllMocks());

const publish = (set: unknown, status = 200, headers = {}) => {
  site.answer = response =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof set === 'string' ? set : JSON.stringify(set));
};

let sites = 0;
/** An application whose keys are at an address that nobody has asked yet. */
const registered = (jwks_uri = `${origin}/${++sites}/jwks.json`) =>
  oauth.application({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri,
  });
const ask = async ({ client_id }: TestApplication, using = key, header = {}) => {
  const proof = await using.proof(client_id, { header });
  return oauth.send('/oauth/token', oauth.form({ grant_type: 'client_credentials', ...proof }));
};
const refused = async (application: TestApplication, using?: AssertingKey, header?: object) =>
  expect(refusal(await ask(application, using, header))).toEqual([401, 'invalid_client']);
/** As if so many seconds had gone by. */
const later = (seconds: number) => {
  const [now, elapsed] = [Date.now(), performance.now()];
  vi.spyOn(Date, 'now').mockImplementation(() => now + 1_000 * seconds);
  vi.spyOn(performance, 'now').mockImplementation(() => elapsed + 1_000 * seconds);
};

describe('keys that a client publishes', () => {
  it('are fetched once for many assertions, and again after five minutes', async () => {
    const application = await registered();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(application)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(site.requests).toBe(1);
    publish({ keys: [] });
    expect((await ask(application)).status).toBe(200);
    later(301);
    await refused(application);
    expect(site.requests).toBe(2);
  });

  it('are fetched again for a name that is not there, every half a minute at most, whoever asks', async () => {
    const application = await registered();
    const next = await startAssertingKey('next');
    expect((await ask(application)).status).toBe(200);
    publish({ keys: [key.jwk, next.jwk] });
    for (let tries = 0; tries < 5; tries++) await refused(application, next);
    for (const kid of ['invented', '../jwks.json', '/etc/passwd']) await refused(application, key, { kid });
    expect(site.requests).toBe(1);
    later(31);
    expect((await ask(application, next)).status).toBe(200);
    for (const kid of ['invented', 'other']) await refused(application, key, { kid });
    expect(site.requests).toBe(2);
    expect((await ask(application)).status).toBe(200);
  });

  it('are asked for every half a minute at most where they cannot be had, and count once they can', async () => {
    const application = await registered();
    publish('', 503);
    for (let tries = 0; tries < 5; tries++) await refused(application);
    expect(site.requests).toBe(1);
    publish({ keys: [key.jwk] });
    await refused(application);
    later(31);
    expect((await ask(application)).status).toBe(200);
    expect(site.requests).toBe(2);
  });

  it('are taken from no answer that is too large, no set, or leads elsewhere', async () => {
    const padding = 'x'.repeat(70_000);
    for (const set of [
      { keys: [key.jwk], padding },
      'text',
      '[]',
      'null',
      '{"keys":{}}',
      '{"keys":[null,7]}',
      '',
    ]) {
      publish(set);
      await refused(await registered());
    }
    publish({ keys: [key.jwk] }, 302, { location: '/elsewhere' });
    await refused(await registered());
    expect(site.requests).toBe(8);
  });

  it('are those of the first twenty that can be used, beside whatever else is there', async () => {
    const rsa = await startAssertingKey('rsa', 'RS256');
    const others = [
      rsa.privateJwk,
      { kty: 'oct', k: 'AAAA', kid: 'first' },
      { ...rsa.jwk, use: 'enc' },
      'text',
      null,
    ];
    publish({ keys: [...others, key.jwk] });
    const application = await registered();
    expect((await ask(application)).status).toBe(200);
    await refused(application, rsa);
    publish({
      keys: [...Array.from({ length: 20 }, (_, kid) => ({ ...rsa.jwk, kid: String(kid) })), key.jwk],
    });
    await refused(await registered());
  });
});

it('an address inside is never asked, whatever it is called', async () => {
  const inside = await startIdentityUnderTest();
  try {
    const own = oauthFixture(inside);
    const { port } = new URL(origin);
    for (const jwks_uri of [
      `${origin}/jwks.json`,
      `http://localhost:${port}/jwks.json`,
      `http://[::1]:${port}/jwks.json`,
      `http://[::ffff:127.0.0.1]:${port}/jwks.json`,
      `https://127.0.0.1:${port}/jwks.json`,
      `http://2130706433:${port}/jwks.json`,
      'http://169.254.169.254/latest/meta-data',
      'https://10.0.0.1/jwks.json',
    ]) {
      const application = await own.application({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri,
      });
      const proof = await key.proof(application.client_id);
      const answer = await own.send('/oauth/token', own.form({ grant_type: 'client_credentials', ...proof }));
      expect(refusal(answer)).toEqual([401, 'invalid_client']);
      expect(answer.body.error_description).not.toMatch(/address|127|fetch/);
    }
    expect(site.requests).toBe(0);
  } finally {
    await inside.stop();
  }
});
