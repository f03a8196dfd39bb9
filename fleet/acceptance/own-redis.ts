import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@rivergate/testing';
import { silence } from '../src/console/progress.ts';
import { tools } from '../src/launch/roster.ts';
import { freePorts } from '../src/provision/ports.ts';
import { prepareRedis } from '../src/provision/redis.ts';

/** A Redis that a test may take away from the fleet, and give back empty. */
export interface OwnRedis {
  url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export async function ownRedis(): Promise<OwnRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'rivergate-redis-'));
  const [port] = await freePorts(1);
  const { program, url } = await prepareRedis({
    directory,
    port: port!,
    password: 'only-for-tests',
    durable: false,

    tools,
    progress: silence,
  });
  let running: ChildProcess | undefined;
  const kill = async () => {
    if (!running) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
    running = undefined;
  };
  return {
    url,
    async start() {
      running = spawn(program.command, program.args, { cwd: directory, env: program.env, stdio: 'ignore' });
      await eventually(() => program.ready(), 'Redis');
    },
    kill,
    async remove() {
      await kill();
      await rm(directory, { recursive: true });
    },
  };
}
