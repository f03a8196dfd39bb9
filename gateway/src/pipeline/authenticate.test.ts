import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bodyOf, sendRaw } from '../testing/raw.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/things'),
    testRoute('GET', '/api/v1/organizations/{org_id}/things'),
    testRoute('GET', '/api/v1/open', { caller: 'public' }),
    testRoute('GET', '/api/v1/half-open', { caller: 'public', bearer: 'optional' }),
    testRoute('GET', '/oauth/authorize', { protocol: 'oauth' }),
    testRoute('POST', '/oauth/token', { protocol: 'oauth', caller: 'client', bodyLimit: 10 }),
  ]);
});

afterAll(() => fleet.stop());

/** Where a client learns how to get a token (RFC 9728, section 5.1). */
const METADATA = 'resource_metadata="http://gateway.test/.well-known/oauth-protected-resource';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function statusWith(token: string): Promise<number> {
  return (await fleet.get('/api/v1/things', bearer(token))).status;
}

describe('an endpoint for users', () => {
  it('answers 200 for a good token, and tells the service who calls', async () => {
    const user = await fleet.signIn();
    const answer = await fleet.get('/api/v1/things', user.headers);
    expect(answer.status).toBe(200);
    const { data } = (await answer.json()) as { data: { principal: Record<string, unknown> } };
    expect(data.principal).toMatchObject({
      kind: 'user',
      userId: user.userId,
      sessionId: user.sessionId,
      organizationId: user.organizationId,
      isMember: true,
      permissions: ['storage.read'],
      amr: ['pwd'],
    });
  });

  it('answers 401 without a token, and says what it wants', async () => {
    const answer = await fleet.get('/api/v1/things');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer resource_metadata="[^"]*", DPoP algs="ES256 /,
    );
    expect(await answer.json()).toMatchObject({ success: false, error: { code: 'UNAUTHORIZED' } });
  });

  it('answers 401 in an organization with where tokens for that one are had', async () => {
    for (const [id, at] of [
      ['7', '/api/v1/organizations/7"'],
      ['07', '"'],
    ]) {
      const path = `/api/v1/organizations/${id}/things`;
      for (const headers of [{}, bearer('pat_123')])
        expect((await fleet.get(path, headers)).headers.get('www-authenticate')).toContain(
          `${METADATA}${at}`,
        );
    }
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer ', 'Bearer a b', 'Bearer pat_123', 'Bearer ..', 'token'])(
    'answers 401 for Authorization: %s',
    async authorization => {
      const answer = await fleet.get('/api/v1/things', { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('invalid_token');
    },
  );

  it('answers 401 for an unsigned token (alg none)', async () => {
    const user = await fleet.signIn();
    const claims = JSON.parse(Buffer.from(user.token.split('.')[1]!, 'base64url').toString());
    expect(await statusWith(new UnsecuredJWT(claims).encode())).toBe(401);
    const header = Buffer.from('{"alg":"none","typ":"at+jwt","kid":"test"}').toString('base64url');
    expect(await statusWith(`${header}.${user.token.split('.')[1]}.${user.token.split('.')[2]}`)).toBe(401);
  });

  it('answers 401 for a tampered token', async () => {
    const user = await fleet.signIn();
    const [header, payload = '', signature] = user.token.split('.');
    const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: '1' };
    const changed = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect(await statusWith(`${header}.${changed}.${signature}`)).toBe(401);
  });

  it('answers 401 for a token signed by a foreign key, also under a known key id', async () => {
    const foreign = await generateKeyPair('ES256');
    const claims = { iss: 'http://gateway.test', aud: 'rivergate', sub: '1', sid: 1, jti: 'x' };
    for (const kid of ['test', 'unknown']) {
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(foreign.privateKey);
      expect(await statusWith(token)).toBe(401);
    }
  });

  it('answers 401 for a token that is symmetrically signed with the public key', async () => {
    const keys = (await (await fetch(`${fleet.identity.url}/.well-known/jwks.json`)).text()) || 'secret';
    const token = await new SignJWT({ sub: '1', sid: 1, jti: 'x' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'test' })
      .setIssuer('http://gateway.test')
      .setAudience('rivergate')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(keys.padEnd(32, '.')));
    expect(await statusWith(token)).toBe(401);
  });

  it.each([
    ['expired', { iat: 1_600_000_000, exp: 1_600_000_600 }],
    [
      'issued in the future',
      { iat: Math.floor(Date.now() / 1000) + 3_600, exp: Math.floor(Date.now() / 1000) + 7_200 },
    ],
    ['older than any access token may be', { iat: Math.floor(Date.now() / 1000) - 90_000 }],
    ['of another issuer', { iss: 'http://elsewhere.test' }],
    ['for another audience', { aud: 'another-service' }],
    ['without an expiry', { exp: undefined }],
    ['without a session', { sid: undefined }],
    ['with a user that is no number', { sub: 'root' }],
    ['with a negative user', { sub: -1 }],
    ['with an organization that is no number', { org_id: 'first' }],
  ])('answers 401 for a token %s', async (_, claims) => {
    const user = await fleet.signIn({ organizationId: null });
    expect(
      await statusWith(await fleet.token({ sub: String(user.userId), sid: user.sessionId, ...claims })),
    ).toBe(401);
  });

  it('answers 401 for a JWT of another type', async () => {
    const user = await fleet.signIn({ organizationId: null });
    const claims = { sub: String(user.userId), sid: user.sessionId };
    expect(await statusWith(await fleet.token(claims, { typ: 'logout+jwt' }))).toBe(401);
    expect(await statusWith(await fleet.token(claims, { typ: undefined }))).toBe(401);
    expect(await statusWith(await fleet.token(claims))).toBe(200);
  });
});

describe('a token that was verified before', () => {
  it('is refused when it is older than any access token may be, whatever its exp says', async () => {
    const user = await fleet.signIn({ organizationId: null });
    const now = Math.floor(Date.now() / 1000);
    const old = { sub: String(user.userId), sid: user.sessionId, iat: now - 3_600, exp: now + 3_600 };
    const token = await fleet.token(old);
    expect(await statusWith(token)).toBe(200);
    // Five seconds are granted for clocks that differ.
    await vi.waitFor(async () => expect(await statusWith(token)).toBe(401), { timeout: 15_000 });
  });

  it('is refused when identity has withdrawn its key', async () => {
    const former = await fleet.signIn({ organizationId: null });
    expect(await statusWith(former.token)).toBe(200);
    await fleet.rotateKey('newer');
    const later = await fleet.signIn({ organizationId: null });
    // The unknown key has the gateway ask for the keys, as it does every minute by itself.
    await vi.waitFor(async () => expect(await statusWith(later.token)).toBe(200), { timeout: 10_000 });
    expect(await statusWith(former.token)).toBe(401);
  });
});

describe('a header that has one value', () => {
  const lines = (...headers: string[]) =>
    `GET /api/v1/open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n`;

  it('is refused with two, whatever they say: two credentials, types, keys or hosts', async () => {
    const { token } = await fleet.signIn();
    for (const pair of [
      [`Authorization: Bearer ${token}`, 'Authorization: Bearer other'],
      [`authorization: Bearer ${token}`, `AUTHORIZATION: Bearer ${token}`],
      ['Content-Type: application/json', 'Content-Type: text/plain'],
      ['Idempotency-Key: one', 'Idempotency-Key: two'],
      ['Origin: https://one.example', 'Origin: https://two.example'],
      ['Host: other'],
    ]) {
      const answer = await sendRaw(fleet.url, lines(...pair));
      expect([pair, answer.slice(0, 12)]).toEqual([pair, 'HTTP/1.1 400']);
      expect(bodyOf(answer).error?.code).toBe('MALFORMED_REQUEST');
    }
    const health = lines(`Authorization: Bearer ${token}`, 'Authorization: Bearer other');
    expect(await sendRaw(fleet.url, health.replace('/api/v1/open', '/metrics'))).toMatch(/^HTTP\/1.1 400/);
  });

  it('may stand beside headers that are lists', async () => {
    const answer = await sendRaw(
      fleet.url,
      lines('Accept: a/b', 'Accept: c/d', 'Cookie: a=1', 'Cookie: b=2'),
    );
    expect(answer).toMatch(/^HTTP\/1.1 200/);
  });
});

describe('a public endpoint', () => {
  it('answers 200 without a token and overlooks a bad one', async () => {
    expect((await fleet.get('/api/v1/open')).status).toBe(200);
    expect((await fleet.get('/api/v1/open', bearer('nonsense'))).status).toBe(200);
  });

  it('with an optional token, answers 401 for a bad one and knows the caller of a good one', async () => {
    expect((await fleet.get('/api/v1/half-open')).status).toBe(200);
    expect((await fleet.get('/api/v1/half-open', bearer('nonsense'))).status).toBe(401);
    const user = await fleet.signIn();
    const answer = await fleet.get('/api/v1/half-open', user.headers);
    expect(await answer.json()).toMatchObject({ data: { principal: { kind: 'user', userId: user.userId } } });
  });
});

describe('an endpoint that speaks OAuth', () => {
  it('is refused for in the words of RFC 6750', async () => {
    const answer = await fleet.get('/oauth/authorize', bearer('nonsense'));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer error="invalid_token", ${METADATA}"`);
    expect(await answer.json()).toEqual({ error: 'invalid_token', error_description: expect.any(String) });
  });

  it("for clients gets their credentials, and nobody's token", async () => {
    const user = await fleet.signIn();
    const sent = async (authorization: string) => {
      fleet.storage.received.length = 0;
      const options = { method: 'POST', headers: { authorization } };
      expect((await fetch(`${fleet.url}/oauth/token`, options)).status).toBe(200);
      return fleet.storage.received.find(({ url }) => url === '/oauth/token')!;
    };
    expect((await sent('Basic YTpi')).headers.authorization).toBe('Basic YTpi');
    const { headers, principal } = await sent(`Bearer ${user.token}`);
    expect([headers.authorization, principal?.kind]).toEqual([undefined, 'anonymous']);
  });

  it('is answered by the gateway in that shape, too', async () => {
    const answer = await fetch(`${fleet.url}/oauth/token`, { method: 'POST', body: 'a'.repeat(11) });
    expect([answer.status, await answer.json()]).toEqual([
      413,
      { error: 'invalid_request', error_description: expect.any(String) },
    ]);
  });
});
