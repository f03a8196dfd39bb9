import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roundTripOf } from './round-trip.ts';
import { startPrivateRedis, type TestRedis } from './test-redis.ts';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startPrivateRedis();
  redis = new Redis(server.url, { retryStrategy: () => 20 });
  redis.on('error', () => {});
  await redis.ping();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function commandsDuring(work: () => Promise<unknown>): Promise<number> {
  const processed = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
  const before = await processed();
  await work();
  // The command that asks is one of them.
  return (await processed()) - before - 1;
}

describe('a round trip', () => {
  it('carries what one turn of the event loop asks in one command, and gives each its own', async () => {
    const { read, count } = roundTripOf(redis);
    const [key, other, counter] = [randomUUID(), randomUUID(), randomUUID()];
    await redis.set(key, 'value');
    await redis.set(other, 'other', 'EX', 60);
    await read([key]);
    const ask = () =>
      Promise.all([read([key, 'nothing']), count(counter, 60), read([other]), count(counter, 60), read([])]);
    expect(await ask()).toEqual([
      [{ text: 'value', millisecondsLeft: Number.POSITIVE_INFINITY }, null],
      { count: 1, millisecondsLeft: 60_000 },
      [{ text: 'other', millisecondsLeft: expect.closeTo(60_000, -3) }],
      { count: 2, millisecondsLeft: expect.closeTo(60_000, -3) },
      [],
    ]);
    // The script, and the commands that Redis counts within it: one DEL, one MGET, two INCRBY, four PTTL.
    expect(await commandsDuring(ask)).toBe(9);
  });

  it('takes any number of questions', async () => {
    const { read, count } = roundTripOf(redis);
    const key = randomUUID();
    await redis.set(key, 'value');
    const asked = await Promise.all(Array.from({ length: 10_000 }, () => read([key])));
    expect(asked.every(([value]) => value?.text === 'value')).toBe(true);
    const counts = await Promise.all(Array.from({ length: 10_000 }, () => count(`${key}:count`, 60)));
    expect(counts.at(-1)?.count).toBe(10_000);
  });

  it('refuses only the counter that cannot count', async () => {
    const { read, count } = roundTripOf(redis);
    const [broken, sound] = [randomUUID(), randomUUID()];
    await redis.set(broken, 'no number');
    const [value, failed, counted] = await Promise.allSettled([
      read([broken]),
      count(broken, 60),
      count(sound, 60),
    ]);
    expect(value).toMatchObject({ value: [{ text: 'no number' }] });
    expect(failed.status).toBe('rejected');
    expect(counted).toMatchObject({ value: { count: 1 } });
  });

  it('gives an end to a counter that has none', async () => {
    const key = randomUUID();
    await redis.set(key, 5);
    expect(await roundTripOf(redis).count(key, 60)).toEqual({ count: 6, millisecondsLeft: 60_000 });
    expect(await redis.pttl(key)).toBeGreaterThan(0);
  });

  it('goes on when Redis has forgotten the script', async () => {
    await redis.script('FLUSH');
    expect(await roundTripOf(redis).count(randomUUID(), 60)).toMatchObject({ count: 1 });
  });

  it('refuses everything at once when there is no connection', async () => {
    const away = new Redis('/nonexistent/redis.sock', { lazyConnect: true });
    await expect(roundTripOf(away).read(['any'])).rejects.toThrow();
    await expect(roundTripOf(away).count('any', 60)).rejects.toThrow();
    away.disconnect();
  });
});
