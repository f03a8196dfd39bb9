import { certificateAuthority } from '@rivergate/testing/certificate-authority';
import {
  createRemoteJWKSet,
  exportJWK,
  generateKeyPair,
  customFetch as joseFetch,
  jwtVerify,
  SignJWT,
} from 'jose';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NameServer, startNameServer } from './testing/name-server.ts';
import { expectReason, failureOf, outboundUnderTest } from './testing/outbound-under-test.ts';
import { startWebServer, type WebServer } from './testing/web-server.ts';

let names: NameServer;
let server: WebServer;
let issuer: string;
let privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
beforeAll(async () => {
  names = await startNameServer();
  names.set('idp.test', '127.0.0.1');
  const keys = await generateKeyPair('ES256');
  privateKey = keys.privateKey;
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'a', alg: 'ES256' }] };
  const authority = await certificateAuthority();
  authority.trust();
  server = await startWebServer(
    (request, response) => {
      const answers: Record<string, unknown> = {
        '/.well-known/openid-configuration': {
          issuer,
          jwks_uri: `${issuer}/jwks`,
          token_endpoint: `${issuer}/token`,
        },
        '/jwks': jwks,
        '/token': { access_token: 'given', token_type: 'bearer' },
        '/large': 'a'.repeat(2_000_000),
      };
      if (request.url === '/empty') return void response.writeHead(204).end();
      if (request.url === '/on') return void response.writeHead(302, { location: '/jwks' }).end();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answers[request.url!]));
    },
    await authority.certify('idp.test'),
  );
  issuer = `https://idp.test:${server.port}`;
});
afterAll(() => names?.stop());

const outbound = (allow = '127.0.0.1') => outboundUnderTest({ allow, nameServer: names.address });

describe('as the fetch of a library', () => {
  it('lets openid-client discover a provider and ask it for a token', async () => {
    const discover = (allow?: string) =>
      openid.discovery(new URL(issuer), 'client', 'secret', undefined, {
        [openid.customFetch]: outbound(allow).fetch() as openid.CustomFetch,
      });
    const tokens = await openid.clientCredentialsGrant(await discover(), { scope: 'a' });
    expect(tokens.access_token).toBe('given');
    expect(server.requests.at(-1)).toMatchObject({ method: 'POST', url: '/token' });
    expect(server.requests.at(-1)!.body).toContain('grant_type=client_credentials');
    const refused = await discover('').catch(cause => cause);
    expect(await failureOf(Promise.reject(refused.cause))).toMatchObject({ reason: 'address_not_allowed' });
  });

  it('lets jose fetch the keys of an issuer', async () => {
    const token = await new SignJWT({ sub: 'a' })
      .setProtectedHeader({ alg: 'ES256', kid: 'a' })
      .sign(privateKey);
    const keysBy = (allow?: string) =>
      createRemoteJWKSet(new URL(`${issuer}/jwks`), { [joseFetch]: outbound(allow).fetch() });
    expect((await jwtVerify(token, keysBy())).payload.sub).toBe('a');
    await expectReason(jwtVerify(token, keysBy('')), 'address_not_allowed');
  });
});

it('answers as fetch does, within the bounds', async () => {
  const fetch = outbound().fetch({ maxBytes: 1_000 });
  const keys = await fetch(`${issuer}/jwks`, { headers: { 'x-a': 'b' } });
  expect(keys).toBeInstanceOf(Response);
  expect(keys.ok && (await keys.json())).toHaveProperty('keys');
  expect(server.requests.at(-1)!.headers['x-a']).toBe('b');
  expect((await fetch(`${issuer}/empty`)).body).toBeNull();
  expect(await (await fetch(`${issuer}/jwks`, { method: 'HEAD' })).text()).toBe('');
  await expectReason(fetch(`${issuer}/large`), 'too_large');
  await expectReason(fetch(`${issuer}/jwks`, { signal: AbortSignal.abort() }), 'aborted');
});

it('follows redirects only where both the bounds and the request say so', async () => {
  const bounded = outbound().fetch({ redirects: 1 });
  expect((await bounded(`${issuer}/on`)).status).toBe(200);
  expect((await bounded(`${issuer}/on`, { redirect: 'manual' })).status).toBe(302);
  await expectReason(bounded(`${issuer}/on`, { redirect: 'error' }), 'redirect_not_allowed');
  expect((await outbound().fetch()(`${issuer}/on`)).status).toBe(302);
});
