import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  /** Rejects when a restricted user was refused a command, a key or a channel meanwhile. */
  stop(): Promise<void>;
};

/** What a server shows itself with, and the authority by which servers know each other. */
export type Tls = { key: string; cert: string; authority: string };

export type ServerOptions = {
  /** Of the default user, whom the test is. */
  password?: string;
  folder?: string;
  port?: number;
  /** Then it takes no plain connections. */
  tls?: Tls | undefined;
  /** Lines as docs/operations.md gives them, for each restricted user. */
  users?: readonly string[];
};

const PATIENCE = 15_000;

/** @param settings as in redis.conf; the file's name and `--sentinel` may come before them */
export async function startServer(
  settings: readonly string[],
  { password, folder = newFolder(), port, tls, users = [] }: ServerOptions = {},
): Promise<Server> {
  const own = port ?? (await freePort());
  const listening = tls ? tlsSettings(folder, own, tls) : ['--port', String(own)];
  const server = spawn(
    process.env.TEST_REDIS_SERVER ?? 'redis-server',
    [...settings, '--bind', '127.0.0.1', ...listening, '--dir', folder],
    { stdio: 'ignore', env: { ...process.env, LD_LIBRARY_PATH: process.env.TEST_REDIS_LIBRARY_PATH } },
  );
  const ended = once(server, 'exit');
  const admin = new Redis(own, '127.0.0.1', {
    ...(password ? { password } : {}),
    // The certificate may be one that a test wants to be refused.
    ...(tls ? { tls: { ca: tls.authority, checkServerIdentity: () => undefined } } : {}),
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    retryStrategy: () => 20,
  });
  admin.on('error', () => {});
  await Promise.race([admin.ping(), failed(server)]);
  for (const user of users) await admin.call('ACL', ...user.split(' ').slice(1));
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
      server.kill('SIGCONT');
      const refused = (server.exitCode ?? server.signalCode) ? [] : await refusedBy(admin);
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
      if (refused.length > 0) throw new Error(`A user was refused ${refused.join(', ')}`);
    },
  };
}

/** What its access control has refused: commands, keys and channels, not logins. */
async function refusedBy(admin: Redis): Promise<string[]> {
  const entries = (await admin.call('ACL', 'LOG')) as string[][];
  return entries
    .map(entry => Object.fromEntries(entry.map((name, index) => [name, entry[index + 1]])))
    .filter(({ reason }) => reason !== 'auth')
    .map(({ reason, object, context }) => `the ${reason} ${object} (${context})`);
}

function tlsSettings(folder: string, port: number, { key, cert, authority }: Tls): string[] {
  const files = { 'tls-key-file': key, 'tls-cert-file': cert, 'tls-ca-cert-file': authority };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const settings = { port: 0, 'tls-port': port, 'tls-auth-clients': 'no', 'tls-replication': 'yes' };
  return [
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...Object.keys(files).flatMap(name => [`--${name}`, join(folder, name)]),
  ];
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

export const loseListeners = ({ admin }: Server) => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

/** Waits until `look` says yes. */
export async function until(look: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await look().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await pause(20);
  }
}
