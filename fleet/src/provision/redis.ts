import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import type { Program } from '../processes/program.ts';
import { type RedisBinary, redisBinary } from './redis-binary.ts';

export type RedisOptions = {
  directory: string;
  port: number;
  password: string;
  /** False where the data is thrown away anyway: nothing is written to disk. */
  durable: boolean;
  tools: string;
  progress: Progress;
};

/** A private Redis: on the loopback interface, with a password, its data in `directory`. */
export async function prepareRedis(options: RedisOptions): Promise<{ program: Program; url: string }> {
  const binary = await redisBinary(options.tools, options.progress);
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const file = join(options.directory, 'redis.conf');
  // The password stands in the file and not in the arguments, which every user of the machine can read.
  writeFileSync(file, configuration(options), { mode: 0o600 });
  return {
    program: redisProgram(binary, file, options),
    url: `redis://:${options.password}@127.0.0.1:${options.port}/0`,
  };
}

function redisProgram({ command, title, env }: RedisBinary, file: string, options: RedisOptions): Program {
  return {
    name: 'redis',
    title,
    command,
    args: [file],
    env: { PATH: process.env.PATH, LC_ALL: 'C', ...env },
    cwd: options.directory,
    ready: () => answersPing(options.port, options.password),
    worthShowing: line => /(?:FATAL|Fatal error|Can't save|MISCONF).*/.exec(line)?.[0],
    stopSignal: 'SIGTERM',
    stopWithin: 10_000,
  };
}

function configuration({ directory, port, password, durable }: RedisOptions): string {
  const settings: Record<string, string | number> = {
    bind: '127.0.0.1',
    port,
    requirepass: password,
    dir: JSON.stringify(directory),
    daemonize: 'no',
    save: '""',
    appendonly: durable ? 'yes' : 'no',
    appendfsync: 'everysec',
    // BullMQ's jobs and revoked sessions must not be thrown out to make room.
    'maxmemory-policy': 'noeviction',
    logfile: '""',
    // Each test file takes a database of its own.
    databases: durable ? 1 : 512,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

/** Asked over a bare socket: a client library is a lot to load for one PING. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2000 });
    let answer = '';
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', chunk => {
      answer += chunk;
      if (answer.includes('+PONG')) end(true);
      else if (answer.includes('-')) end(false);
    });
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('close', () => resolve(false));
  });
}
