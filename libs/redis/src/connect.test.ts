import { expect, it } from 'vitest';
import { connectRedis, whenConnected } from './index.ts';
import { startTestServer } from './testing/index.ts';

it('a connection that queues is given up within seconds where nothing comes any more', async () => {
  const { url, server, stop } = await startTestServer();
  const redis = connectRedis(url, { warn() {} }, 'queues');
  await whenConnected(redis, 5_000);
  server.freeze();
  const began = performance.now();
  redis.ping().catch(() => {});
  await new Promise(resolve => redis.once('close', resolve));
  expect(performance.now() - began).toBeLessThan(10_000);
  redis.disconnect();
  await stop();
});
