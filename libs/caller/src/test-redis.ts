import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export type TestRedis = { url: string; stop(): Promise<void> };

/** A Redis for one test: a database of TEST_REDIS_URL where that is set, else a private server on a Unix socket. */
export async function startTestRedis(): Promise<TestRedis> {
  const given = process.env.TEST_REDIS_URL;
  if (given) return { url: await ownRedisDatabase(given), stop: async () => {} };
  return startPrivateRedis();
}

/** A database that no other test has; the first, 0, holds nothing but the counter of those handed out. */
export async function ownRedisDatabase(url: string): Promise<string> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    const [, count] = (await redis.config('GET', 'databases')) as string[];
    const index = 1 + ((await redis.incr('rivergate:test:databases')) % (Number(count) - 1));
    await redis.select(index);
    await redis.flushdb();
    return `${url.replace(/\/\d*$/, '')}/${index}`;
  } finally {
    redis.disconnect();
  }
}

/**
 * A private server that the test may stop and start as it likes: redis-server, or what TEST_REDIS_SERVER names, with its
 * libraries in TEST_REDIS_LIBRARY_PATH.
 */
export async function startPrivateRedis(
  folder = mkdtempSync(join(tmpdir(), 'rivergate-redis-')),
): Promise<TestRedis> {
  const url = join(folder, 'redis.sock');
  const server = spawn(
    process.env.TEST_REDIS_SERVER ?? 'redis-server',
    ['--port', '0', '--unixsocket', url, '--save', '', '--appendonly', 'no', '--dir', folder],
    { stdio: 'ignore', env: { ...process.env, LD_LIBRARY_PATH: process.env.TEST_REDIS_LIBRARY_PATH } },
  );
  const ended = new Promise<void>(resolve => server.once('exit', () => resolve()));
  const failed = new Promise<never>((_, reject) => server.once('error', reject));
  const probe = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  probe.on('error', () => {});
  try {
    await Promise.race([probe.ping(), failed]);
  } finally {
    probe.disconnect();
  }
  return {
    url,
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes all its memory from a server, so that it refuses every write but deletions; returns what gives it back. */
export async function fillUp(redis: Redis): Promise<() => Promise<unknown>> {
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  await redis.config('SET', 'maxmemory', '1');
  return () => redis.config('SET', 'maxmemory', '0');
}
