import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/things'),
      testRoute('GET', '/api/v1/organizations/{org_id}/things'),
      testRoute('GET', '/api/v1/open', { caller: 'public' }),
      testRoute('GET', '/oauth/open', { caller: 'public', protocol: 'oauth' }),
      testRoute('POST', '/api/v1/auth/login', { caller: 'public' }),
    ],
    {
      env: {
        RATE_LIMIT_STANDARD: '3/60',
        RATE_LIMIT_PREMIUM: '5/60',
        RATE_LIMIT_ADMIN: '7/60',
        TRUST_PROXY: 'loopback',
      },
    },
  );
});

afterAll(() => fleet.stop());

const from = (address = `198.51.${randomInt(256)}.${randomInt(256)}`) => ({ 'x-forwarded-for': address });

async function statuses(count: number, path: string, headers: Record<string, string>): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index++) found.push((await fleet.get(path, headers)).status);
  return found;
}

const limited = (allowed: number) => [...Array(allowed).fill(200), 429];

describe('the general limit', () => {
  it('is counted per address for those who are not signed in', async () => {
    const one = from();
    expect(await statuses(4, '/api/v1/open', one)).toEqual(limited(3));
    expect((await fleet.get('/api/v1/open', from())).status).toBe(200);
  });

  it('is told in the words of OAuth where that is spoken', async () => {
    const one = from();
    expect(await statuses(4, '/oauth/open', one)).toEqual(limited(3));
    const answer = await fleet.get('/oauth/open', one);
    expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('counts a whole IPv6 network as one', async () => {
    const group = randomInt(1, 65_536).toString(16);
    const found = [];
    for (const host of ['::1', '::2', ':a:b:c:d', '::3']) {
      found.push((await fleet.get('/api/v1/open', from(`2001:db8:${group}:1${host}`))).status);
    }
    expect(found).toEqual(limited(3));
    expect((await fleet.get('/api/v1/open', from(`2001:db8:${group}:2::1`))).status).toBe(200);
  });

  it('counts one address once, however it is spelled', async () => {
    const [third, fourth] = [randomInt(1, 256), randomInt(16, 256)];
    const dotted = `198.51.${third}.${fourth}`;
    const hex = `c633:${((third << 8) | fourth).toString(16)}`;
    const spellings = [
      dotted,
      `::ffff:${hex}`,
      `0:0:0:0:0:FFFF:${hex}`,
      `64:ff9b::${dotted}`,
      `2002:${hex}::9`,
    ];
    const found = [];
    for (const address of spellings) found.push((await fleet.get('/api/v1/open', from(address))).status);
    expect(found).toEqual([200, 200, 200, 429, 429]);

    const group = randomInt(4096, 65_536).toString(16);
    const six = [`2001:db8:${group}::1`, `2001:0DB8:${group}:0:0:0:0:1`, `2001:db8:${group}::1%eth0`];
    const again = [];
    for (const address of [...six, six[0]!])
      again.push((await fleet.get('/api/v1/open', from(address))).status);
    expect(again).toEqual([200, 200, 200, 429]);
  });

  it('is per user, and larger for premium plans and administrators', async () => {
    const standard = await fleet.signIn();
    expect(await statuses(4, '/api/v1/things', standard.headers)).toEqual(limited(3));
    const premium = await fleet.signIn({ plan: 'enterprise' });
    expect(await statuses(6, '/api/v1/things', premium.headers)).toEqual(limited(5));
    const admin = await fleet.signIn({ plan: 'professional', is_admin: true });
    expect(await statuses(8, '/api/v1/things', admin.headers)).toEqual(limited(7));
    const alone = await fleet.signIn({ plan: 'individual', is_admin: true });
    expect(await statuses(4, '/api/v1/things', alone.headers)).toEqual(limited(3));
  });

  it('says where the caller stands on every answer', async () => {
    const user = await fleet.signIn();
    const answer = await fleet.get('/api/v1/things', user.headers);
    expect(answer.headers.get('ratelimit-policy')).toBe('"standard";q=3;w=60');
    expect(answer.headers.get('ratelimit')).toMatch(/^"standard";r=2;t=\d+$/);
    expect(answer.headers.get('x-ratelimit-limit')).toBe('3');
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('2');
    expect(Number(answer.headers.get('x-ratelimit-reset'))).toBeGreaterThan(0);
  });

  it('answers 429 in the documented shape, with Retry-After', async () => {
    const user = await fleet.signIn();
    await statuses(3, '/api/v1/things', user.headers);
    const answer = await fleet.get('/api/v1/things', user.headers);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    const { success, error } = (await answer.json()) as { success: boolean; error: Record<string, unknown> };
    expect([success, error.code]).toEqual([false, 'RATE_LIMITED']);
    expect(error.message).toMatch(
      /^Too many requests: the limit "standard" is 3 in 1 minute; try again in \d+ seconds?$/,
    );
    expect(error.details).toMatchObject([{ field: 'standard' }]);
  });

  it('is reached before an owner is asked: for strangers, former members and sessions nobody knows', async () => {
    const asked: string[] = [];
    const { identity, organization } = fleet;
    const handlers = [identity.handle, organization.handle];
    for (const owner of [identity, organization]) {
      const { handle } = owner;
      owner.handle = (request, response, received) => {
        asked.push(received.url);
        handle(request, response, received);
      };
    }
    const [stranger, former] = [await fleet.signIn({ plan: 'enterprise' }), await fleet.signIn()];
    const elsewhere = `/api/v1/organizations/${(await fleet.signIn()).organizationId}/things`;
    expect(await statuses(1, '/api/v1/things', stranger.headers)).toEqual([200]);
    // One of three was spent on being known at all.
    expect(await statuses(3, elsewhere, stranger.headers)).toEqual(limited(2));
    fleet.members.delete(`${former.organizationId}:${former.userId}`);
    expect(await statuses(4, '/api/v1/things', former.headers)).toEqual([401, 401, 401, 429]);
    asked.length = 0;
    expect(await statuses(3, elsewhere, stranger.headers)).toEqual([429, 429, 429]);
    expect(await statuses(3, '/api/v1/things', former.headers)).toEqual([429, 429, 429]);
    expect(asked).toEqual([]);
    [identity.handle, organization.handle] = handlers as [typeof identity.handle, typeof identity.handle];
  });

  it('bounds the guessing of tokens per address', async () => {
    const guess = { ...from(), authorization: 'Bearer a.b.c' };
    expect(await statuses(4, '/api/v1/things', guess)).toEqual([401, 401, 401, 429]);
  });
});

describe('the limit that a service counts in a class of its own', () => {
  const post = (headers: Record<string, string>) =>
    fetch(`${fleet.url}/api/v1/auth/login`, { method: 'POST', headers });
  const counted = (status: number, remaining: number) => {
    fleet.storage.handle = (_request, response) => {
      response.writeHead(status, {
        'RateLimit-Policy': '"login";q=2;w=900',
        RateLimit: `"login";r=${remaining};t=880`,
        'X-RateLimit-Limit': '2',
        'X-RateLimit-Remaining': String(remaining),
        'X-RateLimit-Reset': '880',
        ...(status === 429 ? { 'Retry-After': '880' } : {}),
      });
      response.end();
    };
  };
  let echo: typeof fleet.storage.handle;
  beforeAll(() => {
    echo = fleet.storage.handle;
  });
  afterAll(() => {
    fleet.storage.handle = echo;
  });

  it('stands beside the general one on the answer, in one line each', async () => {
    counted(200, 1);
    const { headers } = await post(from());
    expect(headers.get('ratelimit-policy')).toBe('"login";q=2;w=900, "standard";q=3;w=60');
    expect(headers.get('ratelimit')).toMatch(/^"login";r=1;t=880, "standard";r=2;t=\d+$/);
    expect(headers.get('x-ratelimit-limit')).toBe('2');
  });
  it('refuses with its own Retry-After and counts in the general one all the same', async () => {
    counted(429, 0);
    const here = from();
    const refused = await post(here);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '880']);
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    for (let count = 0; count < 2; count++) await post(here);
    const byGateway = await post(here);
    expect(byGateway.headers.get('ratelimit-policy')).toBe('"standard";q=3;w=60');
    expect(Number(byGateway.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });
});

describe('the client`s address', () => {
  it('is the last one that no trusted proxy has added', async () => {
    const spoofed = '203.0.113.9';
    const real = `198.51.100.${randomInt(256)}`;
    const answer = await fleet.get('/api/v1/open', { 'x-forwarded-for': `${spoofed}, ${real}` });
    expect(await answer.json()).toMatchObject({ data: { principal: { ip: real } } });
  });

  it('is the peer where no proxy is trusted, or the header holds no address', async () => {
    const strict = await startTestFleet([testRoute('GET', '/api/v1/open', { caller: 'public' })]);
    const answer = await strict.get('/api/v1/open', { 'x-forwarded-for': '203.0.113.9' });
    expect(await answer.json()).toMatchObject({ data: { principal: { ip: '127.0.0.1' } } });
    await strict.stop();
    const nonsense = await fleet.get('/api/v1/open', { 'x-forwarded-for': 'nonsense' });
    expect(await nonsense.json()).toMatchObject({ data: { principal: { ip: '127.0.0.1' } } });
  });
});
