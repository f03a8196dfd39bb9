import { startPrivateRedis } from '@rivergate/caller/test-redis';
import { freePort } from '@rivergate/testing';
import { Redis } from 'ioredis';
import { cpuTime, pin, type Running } from './process.ts';

/** A Redis of the scene's own, reached by TCP as everywhere but on one machine. */
export async function startSceneRedis(core: number | null): Promise<Running> {
  const { url: socket, stop } = await startPrivateRedis();
  const port = await freePort();
  const redis = new Redis(socket);
  await redis.config('SET', 'bind', '127.0.0.1');
  await redis.config('SET', 'port', String(port));
  redis.disconnect();
  const url = `redis://127.0.0.1:${port}`;
  return { url, cpu: await redisCpu(url, core), stop };
}

/** Binds the server to a core; returns what reads its processor time. */
export async function redisCpu(url: string, core: number | null): Promise<() => number> {
  const redis = new Redis(url);
  const pid = Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1]);
  redis.disconnect();
  pin(pid, core);
  return () => cpuTime(pid);
}
