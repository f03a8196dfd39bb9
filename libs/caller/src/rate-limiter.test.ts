import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type RateLimiter,
  type RateLimitVerdict,
  rateLimiter,
  rateLimitHeaders,
  rateLimitsFromEnv,
} from './index.ts';
import { startPrivateRedis, startTestRedis, type TestRedis } from './test-redis.ts';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  await redis.ping();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

describe('a rate limit', () => {
  it('allows its count in the window and then refuses, over all processes together', async () => {
    const key = `ip:${randomUUID()}`;
    const one = rateLimiter(redis, { RATE_LIMIT_LOGIN: '3/60' });
    const other = rateLimiter(redis, { RATE_LIMIT_LOGIN: '3/60' });
    const verdicts = [];
    for (const limiter of [one, other, one, other]) verdicts.push(await limiter.consume('login', key));
    expect(verdicts.map(verdict => verdict?.allowed)).toEqual([true, true, true, false]);
    expect(verdicts.map(verdict => verdict?.remaining)).toEqual([2, 1, 0, 0]);
    expect(verdicts[3]?.resetSeconds).toBeGreaterThan(0);
    expect(verdicts[3]?.resetSeconds).toBeLessThanOrEqual(60);
  });

  it('counts each key and class apart, and can be cleared', async () => {
    const limiter = rateLimiter(redis, { RATE_LIMIT_LOGIN: '1/60', RATE_LIMIT_SIGNUP: '1/60' });
    const key = `ip:${randomUUID()}`;
    await limiter.consume('login', key);
    expect((await limiter.consume('login', key))?.allowed).toBe(false);
    expect((await limiter.consume('signup', key))?.allowed).toBe(true);
    await limiter.clear('login', key);
    expect((await limiter.consume('login', key))?.allowed).toBe(true);
  });

  it('can be turned off', async () => {
    const limiter = rateLimiter(redis, { RATE_LIMIT_LOGIN: 'off' });
    expect(await limiter.consume('login', 'anyone')).toBeNull();
  });

  it('is still kept, in memory, while Redis cannot be had', async () => {
    const unreachable = new Redis('/nonexistent/redis.sock', {
      lazyConnect: true,
      enableOfflineQueue: false,
    });
    unreachable.on('error', () => {});
    const limiter = rateLimiter(unreachable, { RATE_LIMIT_LOGIN: '1/60' });
    expect((await limiter.consume('login', 'me'))?.allowed).toBe(true);
    expect((await limiter.consume('login', 'me'))?.allowed).toBe(false);
    unreachable.disconnect();
  });
});

describe('a limit of which each process counts a portion by itself', () => {
  const env = { RATE_LIMIT_STANDARD: '100/60' };
  /** 5 % of the limit. */
  const portion = 5;
  const consume = async (limiter: RateLimiter, key: string) => (await limiter.consume('standard', key))!;

  it('is exact to the number while one process counts, one after the other or all at once', async () => {
    const limiter = rateLimiter(redis, env);
    const [calm, hasty] = [`ip:${randomUUID()}`, `ip:${randomUUID()}`];
    for (let use = 1; use <= 103; use++) {
      const { allowed, remaining } = await consume(limiter, calm);
      expect([use, allowed, remaining]).toEqual([use, use <= 100, Math.max(0, 100 - use)]);
    }
    const verdicts = await Promise.all(Array.from({ length: 250 }, () => consume(limiter, hasty)));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(100);
    const remaining = verdicts.filter(({ allowed }) => allowed).map(verdict => verdict.remaining);
    expect(new Set(remaining).size).toBe(100);
  });

  it('asks Redis for none of its first uses, and tells it of all of them', async () => {
    const [limiter, key] = [rateLimiter(redis, env), `ip:${randomUUID()}`];
    for (let use = 0; use < portion; use++) {
      expect(limiter.consume('standard', key)).not.toBeInstanceOf(Promise);
    }
    expect(limiter.consume('standard', key)).toBeInstanceOf(Promise);
    await vi.waitFor(async () => expect(await redis.get(`rate:standard:${key}`)).toBe(String(portion + 1)));
    expect(await redis.pttl(`rate:standard:${key}`)).toBeGreaterThan(0);
  });

  it.each(['all at once', 'one after the other', 'in bursts'])(
    'is exceeded by no more than a portion for each other process: %s',
    async order => {
      const [limiters, key] = [
        Array.from({ length: 8 }, () => rateLimiter(redis, env)),
        `ip:${randomUUID()}`,
      ];
      const verdicts: RateLimitVerdict[] = [];
      const uses = async (limiter: RateLimiter, count: number) => {
        for (let use = 0; use < count; use++) verdicts.push(await consume(limiter, key));
      };
      if (order === 'all at once') await Promise.all(limiters.map(limiter => uses(limiter, 60)));
      if (order === 'one after the other') for (const limiter of limiters) await uses(limiter, 110);
      for (let burst = 0; order === 'in bursts' && burst < 12; burst++) {
        await Promise.all(limiters.map(limiter => uses(limiter, 1 + (burst % 4))));
        await new Promise(resolve => setTimeout(resolve, 15));
      }
      const allowed = verdicts.filter(verdict => verdict.allowed).length;
      expect(allowed).toBeGreaterThanOrEqual(100);
      expect(allowed).toBeLessThanOrEqual(100 + portion * (limiters.length - 1));
      // Whoever has been told refuses.
      await vi.waitFor(async () => {
        for (const limiter of limiters) expect((await consume(limiter, key)).allowed).toBe(false);
      });
    },
  );

  it('begins anew when its window has ended', async () => {
    const [limiter, key] = [rateLimiter(redis, { RATE_LIMIT_STANDARD: '40/1' }), `ip:${randomUUID()}`];
    const allowed = async () => {
      let count = 0;
      while (count <= 40 && (await consume(limiter, key)).allowed) count += 1;
      return count;
    };
    expect(await allowed()).toBe(40);
    await vi.waitFor(async () => expect((await consume(limiter, key)).allowed).toBe(true), 3_000);
    expect(await allowed()).toBe(39);
  });

  it('is counted by each process while Redis is away, and told when it is back', async () => {
    const own = await startPrivateRedis();
    const connection = new Redis(own.url, { retryStrategy: () => 20, enableOfflineQueue: false });
    connection.on('error', () => {});
    await vi.waitFor(() => connection.ping());
    const [limiter, key] = [rateLimiter(connection, env), `ip:${randomUUID()}`];
    for (let use = 0; use < 10; use++) await consume(limiter, key);
    await vi.waitFor(async () => expect(await connection.get(`rate:standard:${key}`)).toBe('10'));
    connection.disconnect();
    await vi.waitFor(() => expect(connection.status).toBe('end'));
    for (let use = 11; use <= 100; use++) expect((await consume(limiter, key)).remaining).toBe(100 - use);
    expect((await consume(limiter, key)).allowed).toBe(false);
    await connection.connect();
    await vi.waitFor(async () => expect(await connection.get(`rate:standard:${key}`)).toBe('100'));
    expect((await consume(limiter, key)).allowed).toBe(false);
    connection.disconnect();
    await own.stop();
  });

  it('tells nothing twice of which the answer was lost, and forgets it neither', async () => {
    const own = await startPrivateRedis();
    const connection = new Redis(own.url, { retryStrategy: () => 20, commandTimeout: 200 });
    const other = new Redis(own.url);
    await connection.ping();
    const [limiter, key] = [rateLimiter(connection, env), `ip:${randomUUID()}`];
    // So that Redis has the script, and what it postpones it carries out.
    await limiter.consume('login', randomUUID());
    await other.client('PAUSE', 500, 'ALL');
    for (let use = 0; use < 10; use++) await consume(limiter, key);
    const verdict = await vi.waitFor(async () => {
      expect(await other.get(`rate:standard:${key}`)).not.toBeNull();
      return consume(limiter, key);
    }, 3_000);
    expect(100 - verdict.remaining).toBeGreaterThanOrEqual(11);
    await vi.waitFor(async () => expect(Number(await other.get(`rate:standard:${key}`))).toBe(11));
    for (const one of [connection, other]) one.disconnect();
    await own.stop();
  });
});

describe('the configuration', () => {
  it('has the documented defaults and refuses what it cannot read', () => {
    expect(rateLimitsFromEnv({}).standard).toEqual({ count: 100, seconds: 60 });
    expect(rateLimitsFromEnv({ RATE_LIMIT_ADMIN: '7/9' }).admin).toEqual({ count: 7, seconds: 9 });
    for (const junk of ['7', '7/', '0/9', '-1/60', '7/9/1', 'many']) {
      expect(() => rateLimitsFromEnv({ RATE_LIMIT_ADMIN: junk })).toThrow('RATE_LIMIT_ADMIN');
    }
  });
});

describe('the headers', () => {
  it('follow the IETF draft and repeat the older names', () => {
    const verdict = {
      class: 'standard',
      allowed: true,
      limit: 100,
      windowSeconds: 60,
      remaining: 99,
      resetSeconds: 60,
    } as const;
    expect(rateLimitHeaders(verdict)).toEqual({
      'RateLimit-Policy': '"standard";q=100;w=60',
      RateLimit: '"standard";r=99;t=60',
      'X-RateLimit-Limit': '100',
      'X-RateLimit-Remaining': '99',
      'X-RateLimit-Reset': '60',
    });
    expect(rateLimitHeaders({ ...verdict, allowed: false })['Retry-After']).toBe('60');
  });
});
