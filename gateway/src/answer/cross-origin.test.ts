import { prefixedToken } from '@rivergate/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { json, testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const APP = 'https://app.test';

let fleet: TestFleet;
/** What identity says, and how often it was asked. */
let origins: string[] | null;
let asked = 0;
beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/things'),
    testRoute('POST', '/api/v1/auth/login', { caller: 'public' }),
    testRoute('GET', '/api/v1/half-open', { caller: 'public', bearer: 'optional' }),
    testRoute('GET', '/.well-known/oauth-authorization-server', { caller: 'public' }),
    testRoute('GET', '/oauth/authorize', { protocol: 'oauth' }),
    ...['/oauth/token', '/oauth/token/revoke', '/oauth/par', '/oauth/register', '/oauth/introspect'].map(
      path => testRoute('POST', path, { protocol: 'oauth', caller: 'client' }),
    ),
    testRoute('PUT', '/oauth/register/{client_id}', { protocol: 'oauth', caller: 'client' }),
  ]);
  const answer = fleet.identity.handle;
  fleet.identity.handle = (request, response, received) => {
    if (received.url !== '/internal/oauth/origins') return answer(request, response, received);
    asked += 1;
    if (origins === null) return request.socket.destroy();
    json(response, 200, { success: true, data: { origins } });
  };
});
afterAll(() => fleet.stop());
beforeEach(() => {
  origins = [APP];
});

const preflight = (method: string, path: string, origin: string, headers = 'authorization') =>
  fetch(fleet.url + path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': headers,
    },
  });
const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin');
const asking = async (path: string, origin: string) => allowed(await fleet.get(path, { origin }));

describe('a page of any origin', () => {
  it.each([
    ['POST', '/oauth/token'],
    ['POST', '/oauth/token/revoke'],
    ['POST', '/oauth/par'],
    ['POST', '/oauth/register'],
    ['PUT', '/oauth/register/1'],
  ])('may be a client: %s %s', async (method, path) => {
    const before = await preflight(method, path, 'https://anywhere.test', 'authorization,content-type');
    expect([before.status, allowed(before)]).toEqual([204, '*']);
    expect(before.headers.get('access-control-allow-methods')).toContain(method);
    expect(before.headers.get('access-control-allow-headers')).toContain('Authorization');
    const options = { method, headers: { origin: 'https://anywhere.test' }, body: 'a=b' };
    const answer = await fetch(fleet.url + path, options);
    expect(allowed(answer)).toBe('*');
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });

  it('may read how to sign in', async () => {
    expect(await asking('/.well-known/oauth-authorization-server', 'https://anywhere.test')).toBe('*');
  });

  it('asks about no token, decides for nobody, signs nobody in, and calls nothing', async () => {
    for (const [method, path] of [
      ['POST', '/oauth/introspect'],
      ['GET', '/oauth/authorize'],
      ['POST', '/api/v1/auth/login'],
      ['GET', '/api/v1/things'],
      ['POST', '/oauth/token/x'],
    ] as const)
      expect([path, allowed(await preflight(method, path, 'https://anywhere.test'))]).toEqual([path, null]);
  });
});

describe('a page of an app that is registered', () => {
  it('calls with its token, and reads refusals', async () => {
    await vi.waitFor(async () => expect(allowed(await preflight('GET', '/api/v1/things', APP))).toBe(APP));
    const user = await fleet.signIn();
    const answer = await fleet.get('/api/v1/things', { ...user.headers, origin: APP });
    expect([answer.status, allowed(answer)]).toEqual([200, APP]);
    const refused = await fleet.get('/api/v1/things', { origin: APP });
    expect([refused.status, allowed(refused)]).toEqual([401, APP]);
    expect(refused.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(refused.headers.has('access-control-allow-credentials')).toBe(false);
  });

  it.each([
    'https://app.test.evil.test',
    'https://app.test:8443',
    'http://app.test',
    'null',
    'https://APP.test',
  ])('is not one of %s', async origin => {
    expect(allowed(await preflight('GET', '/api/v1/things', origin))).toBeNull();
  });

  it('signs nobody in, and gets nothing that is open to everybody', async () => {
    for (const [method, path] of [
      ['POST', '/api/v1/auth/login'],
      ['GET', '/api/v1/half-open'],
      ['GET', '/health'],
      ['GET', '/api/v1/nowhere'],
    ] as const)
      expect([path, allowed(await preflight(method, path, APP))]).toEqual([path, null]);
  });

  it('is known a second after it is registered, and stays so while its owner is away', async () => {
    const later = 'https://later.test';
    expect(await asking('/api/v1/things', later)).toBeNull();
    origins = [APP, later];
    await vi.waitFor(async () => expect(await asking('/api/v1/things', later)).toBe(later), {
      timeout: 5_000,
    });
    origins = null;
    expect(await asking('/api/v1/things', later)).toBe(later);
    expect(await asking('/api/v1/things', 'https://unknown.test')).toBeNull();
    expect(await asking('/api/v1/things', later)).toBe(later);
  });

  it('costs its owner one question a second, however many origins are invented', async () => {
    const before = asked;
    const began = performance.now();
    await Promise.all(Array.from({ length: 200 }, (_, n) => asking('/api/v1/things', `https://${n}.test`)));
    const seconds = (performance.now() - began) / 1_000;
    expect(asked - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  });
});

describe('the credentials of a client', () => {
  it('pass to its service: HTTP Basic, and tokens by which it registers; no token of anybody does', async () => {
    const passed = async (authorization: string) => {
      const from = fleet.storage.received.length;
      await fetch(`${fleet.url}/oauth/register`, { method: 'POST', headers: { authorization }, body: '{}' });
      return fleet.storage.received[from]?.headers.authorization;
    };
    const user = await fleet.signIn();
    for (const prefix of ['reg', 'rat']) {
      const header = `Bearer ${prefixedToken(prefix)}`;
      expect(await passed(header)).toBe(header);
    }
    for (const header of [
      user.headers.authorization,
      `Bearer ${prefixedToken('pat')}`,
      `Bearer ${prefixedToken('reg').slice(0, -1)}`,
    ])
      expect(await passed(header)).toBeUndefined();
  });
});
