import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rateLimiter, rateLimitHeaders, rateLimitsFromEnv } from './index.ts';
import { startTestRedis, type TestRedis } from './test-redis.ts';

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
