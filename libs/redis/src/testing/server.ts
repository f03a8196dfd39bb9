import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis of a test's own: redis-server, or what TEST_REDIS_SERVER names, with libraries in TEST_REDIS_LIBRARY_PATH. */
export type Server = {
  host: string;
  port: number;
  folder: string;
  /** For commands of the test. */
  admin: Redis;
  /** As when the process is lost: its connections break. */
  kill(): Promise<void>;
  /** As when its machine is lost: its connections stand, and nothing comes any more. */
  freeze(): void;
  stop(): Promise<void>;
};

const PATIENCE = 15_000;

/** @param settings as in redis.conf; the file's name and `--sentinel` may come before them */
export async function startServer(
  settings: readonly string[],
  { password, folder = newFolder(), port }: { password?: string; folder?: string; port?: number } = {},
): Promise<Server> {
  const own = port ?? (await freePort());
  const server = spawn(
    process.env.TEST_REDIS_SERVER ?? 'redis-server',
    [...settings, '--bind', '127.0.0.1', '--port', String(own), '--dir', folder],
    { stdio: 'ignore', env: { ...process.env, LD_LIBRARY_PATH: process.env.TEST_REDIS_LIBRARY_PATH } },
  );
  const ended = once(server, 'exit');
  const admin = new Redis(own, '127.0.0.1', {
    ...(password ? { password } : {}),
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    retryStrategy: () => 20,
  });
  admin.on('error', () => {});
  await Promise.race([admin.ping(), failed(server)]);
  const end = async (signal: NodeJS.Signals) => {
    admin.disconnect();
    server.kill(signal);
    server.kill('SIGCONT');
    await ended;
  };
  return {
    host: '127.0.0.1',
    port: own,
    folder,
    admin,
    kill: () => end('SIGKILL'),
    freeze: () => void server.kill('SIGSTOP'),
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const newFolder = () => mkdtempSync(join(tmpdir(), 'rivergate-redis-'));

async function failed(server: ChildProcess): Promise<never> {
  const [cause] = await Promise.race([once(server, 'error'), once(server, 'exit')]);
  throw new Error(`Redis could not be started: ${cause}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Whether a replica takes what is written now: one that is attached may do so only a second later. */
export async function isReplicated({ admin }: Server, key: string): Promise<boolean> {
  await admin.set(key, '', 'PX', 1);
  return (await admin.wait(1, 100)) > 0;
}

/** Waits until `look` says yes. */
export async function until(look: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await look().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await pause(20);
  }
}
