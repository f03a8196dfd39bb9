import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type LyingProvider, startLyingProvider } from '../testing/lying-provider.ts';
import {
  browser,
  CLIENT,
  leadsTo,
  type SsoUnderTest,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../testing/sso-under-test.ts';

let liar: LyingProvider;
let service: SsoUnderTest;
let acme: Tenant;
let provider: number;
beforeAll(async () => {
  [liar, service] = await Promise.all([startLyingProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
});
afterAll(async () => {
  await service?.stop();
  await liar?.stop();
});
beforeEach(async () => {
  Object.assign(liar, {
    metadata: {},
    sign: undefined,
    tokenAnswer: undefined,
    userinfo: undefined,
    asked: [],
  });
  liar.claims = { email: `ada@${acme.domain}` };
  // What is remembered of a provider is forgotten when it is changed, and nothing is known of a new one.
  provider = await create();
});

const settings = (more: object = {}) => {
  const { client_id, client_secret } = CLIENT;
  return { provider_type: 'oidc', name: 'Liar', issuer: liar.issuer, client_id, client_secret, ...more };
};
const create = async (more: object = {}): Promise<number> => {
  const { status, body, text } = await acme.administrator.post('/api/v1/sso/providers', settings(more));
  if (status !== 201) throw new Error(text);
  const { id } = body.data.provider;
  if (provider !== undefined) await acme.administrator.delete(`/api/v1/sso/providers/${provider}`);
  provider = id;
  return id;
};
const begin = async () =>
  leadsTo(await service.anonymous.get(`/api/v1/sso/providers/${provider}/login?${browser().query}`));
const finish = async (sent: Record<string, string>) =>
  told(
    await service.anonymous.get(`/api/v1/sso/providers/${provider}/callback?${new URLSearchParams(sent)}`),
  );
const signIn = async (more: Record<string, string> = {}) => finish(liar.back(await begin(), more));
const lastAttempt = async () => {
  const { body } = await acme.administrator.get(`/api/v1/sso/providers/${provider}/attempts?limit=1`);
  return body.data.attempts[0];
};

it('lets in by a token that is right, and proves the client and the verifier for it', async () => {
  expect(await signIn()).toHaveProperty('code');
  const { form } = liar.asked.find(({ path }) => path === '/token')!;
  expect(Object.fromEntries(form)).toMatchObject({
    ...{ client_id: CLIENT.client_id, client_secret: CLIENT.client_secret },
    code: 'a-code',
    code_verifier: expect.stringMatching(/^[\w-]{43}$/),
  });
});

const LIES: Record<string, (at: LyingProvider) => void> = {
  'another nonce': at => Object.assign(at.claims, { nonce: 'of-somebody-else' }),
  'no nonce': at => Object.assign(at.claims, { nonce: undefined }),
  'another issuer': at => Object.assign(at.claims, { iss: 'https://other.example' }),
  'another audience': at => Object.assign(at.claims, { aud: 'another-client' }),
  'several audiences and another authorized party': at =>
    Object.assign(at.claims, { aud: ['rivergate', 'other'], azp: 'other' }),
  'a time that is over': at => Object.assign(at.claims, { exp: 1 }),
  'no subject': at => Object.assign(at.claims, { sub: undefined }),
  'no signature': at => {
    at.sign = async claims => new UnsecuredJWT(claims).encode();
  },
  'a signature by the client secret': at => {
    at.sign = async claims =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(CLIENT.client_secret.padEnd(32, 'x')));
  },
  'a signature by no key of its own': at => {
    at.sign = async claims => {
      const { privateKey } = await generateKeyPair('RS256');
      return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-0' }).sign(privateKey);
    };
  },
};

it.each(Object.keys(LIES))('refuses an ID token with %s', async name => {
  LIES[name]!(liar);
  expect(await signIn()).toMatchObject({ error: 'INVALID_ID_TOKEN' });
  expect(await service.sql('select from sso.connections where provider_id = ?', [provider])).toEqual([]);
});

it('refuses an answer that another provider gave (RFC 9207), and one that does not say where it promised to', async () => {
  expect(await signIn({ iss: 'https://other.example' })).toMatchObject({ error: 'WRONG_ISSUER' });
  liar.metadata = { authorization_response_iss_parameter_supported: true };
  await create();
  expect(await signIn()).toMatchObject({ error: 'WRONG_ISSUER' });
  expect(await signIn({ iss: liar.issuer })).toHaveProperty('code');
});

it('refuses a code that the provider does not trade in, and says by which error', async () => {
  liar.tokenAnswer = { status: 401, body: { error: 'invalid_client', error_description: 'secret of ada' } };
  expect(await signIn()).toMatchObject({ error: 'TOKEN_REFUSED' });
  const attempt = await lastAttempt();
  expect(attempt.steps.at(-1)).toMatchObject({ step: 'refused', detail: 'invalid_client' });
  expect(JSON.stringify(attempt)).not.toContain('secret of ada');
});

it('refuses a subject that is empty, longer than 255 characters or no ASCII', async () => {
  for (const sub of ['', 'x'.repeat(256), 'a\0b', 'ünï']) {
    liar.claims.sub = sub;
    expect(await signIn()).toMatchObject({
      error: expect.stringMatching(/^(INVALID_SUBJECT|INVALID_ID_TOKEN)$/),
    });
  }
});

it('asks the userinfo endpoint for what the ID token lacks, and believes it about the same subject only', async () => {
  liar.claims = {};
  liar.userinfo = { sub: 'liar', email: `grace@${acme.domain}` };
  await create();
  expect(await signIn()).toHaveProperty('code');
  liar.userinfo = { sub: 'somebody-else', email: `boss@${acme.domain}` };
  expect(await signIn()).toMatchObject({ error: 'USERINFO_FAILED' });
});

it('keeps little of claims that are huge, and refuses an answer that is larger', async () => {
  liar.claims.groups = Array.from({ length: 3_000 }, (_, index) => `group ${index}`);
  liar.claims.bio = 'x'.repeat(60_000);
  liar.claims.nested = { a: [{ b: 'c'.repeat(1_000) }] };
  liar.claims.api_token = 'only-for-tests';
  expect(await signIn()).toHaveProperty('code');
  const { received } = await lastAttempt();
  expect(JSON.stringify(received).length).toBeLessThan(4_000);
  expect(received.api_token).toBe('[masked]');
  liar.claims.bio = 'x'.repeat(300_000);
  expect(await signIn()).toMatchObject({ error: 'PROVIDER_UNREACHABLE' });
});

it('writes down what no database takes as text', async () => {
  Object.assign(liar.claims, { 'a\0b': 'c\0d', half: '\ud83d', '\udc00': ['\ud83d', '\0'], sid: '\0' });
  expect(await signIn()).toHaveProperty('code');
  expect((await lastAttempt()).received).toMatchObject({ ab: 'cd', half: '\ufffd' });
});

it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'reads nothing that the provider has not said, by a mapping to %s',
  async name => {
    await create({ attribute_mapping: { email: name, name, groups: name } });
    expect(await signIn()).toMatchObject({ error: 'EMAIL_MISSING' });
  },
);

it('takes an address only as one piece of text', async () => {
  for (const email of [
    { a: 1 },
    7,
    [['x']],
    'no address',
    `a@${acme.domain}, b@evil.example`,
    `Ada <a@${acme.domain}>`,
  ]) {
    liar.claims.email = email;
    expect(await signIn()).toMatchObject({ error: 'EMAIL_MISSING' });
  }
});

it('fetches nothing inside, wherever the metadata lead', async () => {
  liar.metadata = { jwks_uri: 'http://169.254.169.254/latest/meta-data' };
  await create();
  expect(await signIn()).toMatchObject({ error: 'PROVIDER_UNREACHABLE' });
  expect((await lastAttempt()).steps.at(-1).detail).toBe('address_not_allowed');
  for (const name of ['token_endpoint', 'userinfo_endpoint', 'pushed_authorization_request_endpoint']) {
    liar.metadata = { [name]: 'http://10.0.0.1/' };
    liar.claims = {};
    await create();
    const said = name.startsWith('pushed')
      ? told(await service.anonymous.get(`/api/v1/sso/providers/${provider}/login?${browser().query}`))
      : await signIn();
    expect(said.error).toMatch(/^(PROVIDER_UNREACHABLE|USERINFO_FAILED)$/);
  }
});

it('sends a browser to no page of another kind', async () => {
  for (const authorization_endpoint of ['javascript:alert(1)', 'data:text/html,x', 'ftp://files.example/']) {
    liar.metadata = { authorization_endpoint };
    await create();
    const said = told(
      await service.anonymous.get(`/api/v1/sso/providers/${provider}/login?${browser().query}`),
    );
    expect(said.error).toBe('DISCOVERY_FAILED');
  }
});

it('is not set up where the document names another issuer, all tenants of a maker included', async () => {
  for (const issuer of [
    'https://other.example',
    `${liar.issuer}/{tenantid}/v2.0`,
    `${liar.issuer}/`.replace('127', '126'),
  ]) {
    liar.metadata = { issuer };
    const answer = await acme.administrator.post('/api/v1/sso/providers', settings());
    expect([answer.status, answer.body.error?.details[0].field]).toEqual([422, 'body.issuer']);
  }
});

it('gets over a change of keys that nobody announced within a minute, also under the same name', async () => {
  expect(await signIn()).toHaveProperty('code');
  const fetches = () => liar.asked.filter(({ path }) => path === '/jwks').length;
  await liar.rotateKeys();
  const before = fetches();
  // Anybody could have it fetch again and again.
  for (let tries = 0; tries < 3; tries++) expect(await signIn()).toMatchObject({ error: 'INVALID_ID_TOKEN' });
  expect(fetches()).toBe(before);
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 31_000);
  try {
    expect(await signIn()).toMatchObject({ error: 'INVALID_ID_TOKEN' });
    expect(await signIn()).toHaveProperty('code');
  } finally {
    clock.mockRestore();
  }
});
