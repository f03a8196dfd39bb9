import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { clone } from './launch/roster.ts';
import { isAlive } from './processes/process-table.ts';
import { freePorts } from './provision/ports.ts';
import { removeDirectory } from './provision/system-account.ts';

// The real command with the real services. What needs no real services is in launch/launch.test.ts.

type Command = { child: ChildProcess; output: () => string; ended: Promise<number | null> };
type Entry = { name: string; pid: number };

let directory: string;
let dataDirectory: string;
let port: number;
const commands: Command[] = [];

function start(...options: string[]): Command {
  const args = [
    join(clone, 'fleet', 'bootstrap.mjs'),
    'start',
    '--port',
    String(port),
    '--data-dir',
    dataDirectory,
  ];
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [...args, ...options], {
    env: { PATH, HOME, NODE_COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk;
    });
  }
  const command = {
    child,
    output: () => output,
    ended: once(child, 'exit').then(([code]) => code as number | null),
  };
  commands.push(command);
  return command;
}

async function started(...options: string[]): Promise<Command> {
  const command = start(...options);
  const early = command.ended.then(code =>
    Promise.reject(new Error(`ended with ${code}:\n${command.output()}`)),
  );
  const ready = vi.waitFor(() => expect(command.output()).toContain('Rivergate is ready'), {
    timeout: 90_000,
    interval: 50,
  });
  await Promise.race([ready, early]);
  early.catch(() => {});
  return command;
}

const url = (path: string) => `http://127.0.0.1:${port}${path}`;
const status = (path: string) =>
  fetch(url(path)).then(
    response => response.status,
    () => 0,
  );
const processes = (): Entry[] => JSON.parse(readFileSync(join(dataDirectory, 'processes.json'), 'utf8'));
const alive = (entries: Entry[]) => entries.filter(({ pid }) => isAlive(pid)).map(({ name }) => name);
const mailsTo = async (address: string) => {
  const response = await fetch(url(`/dev/mailbox/messages?to=${encodeURIComponent(address)}`));
  return ((await response.json()) as { messages: unknown[] }).messages;
};
const signUp = (email: string) =>
  fetch(url('/api/v1/auth/signup'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'Correct-Horse-7-Battery', display_name: 'Ann' }),
  });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rivergate-start-'));
  dataDirectory = join(directory, 'data');
  [port] = (await freePorts(1)) as [number];
});

afterEach(async () => {
  for (const { child, ended } of commands.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
});

afterAll(() => {
  removeDirectory(join(dataDirectory, 'postgres'));
  rmSync(directory, { recursive: true });
});

// Each starts the fleet more than once, on a machine that may be busy with other tests.
describe('npm start', { timeout: 240_000 }, () => {
  it('brings the whole fleet up, says where it is, brings back what dies, and leaves nothing behind', async () => {
    const first = await started();
    expect(first.output()).toContain(`http://localhost:${port}/docs`);
    expect(first.output()).toContain(`http://localhost:${port}/dev/mailbox`);
    expect(first.output()).toContain(dataDirectory);
    expect(await status('/ready')).toBe(200);

    const identity = processes().find(({ name }) => name === 'identity')!;
    process.kill(identity.pid, 'SIGKILL');
    await vi.waitFor(() => expect(first.output()).toContain('identity is back'), {
      timeout: 60_000,
      interval: 50,
    });
    await vi.waitFor(async () => expect(await status('/ready')).toBe(200), { timeout: 60_000, interval: 50 });

    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('A fleet already runs on');

    expect((await signUp('ann@example.com')).status).toBe(201);
    await vi.waitFor(async () => expect(await mailsTo('ann@example.com')).toHaveLength(1), {
      timeout: 30_000,
    });
    const entries = processes();
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    expect(alive(entries)).toEqual([]);
  });

  it('finds its data again, survives kill -9 with no process left over, and wipes the data when asked', async () => {
    const second = await started();
    expect(await mailsTo('ann@example.com')).toHaveLength(1);
    const entries = processes();
    second.child.kill('SIGKILL');
    // Without a word of clean-up in between: what was left is waited for.
    const third = await started('--reset');
    expect(alive(entries)).toEqual([]);
    expect(await mailsTo('ann@example.com')).toHaveLength(0);
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
  });

  it('explains itself', async () => {
    const help = start('--help');
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain('--reset');
    const wrong = start('--prot', '80');
    expect(await wrong.ended).toBe(2);
    expect(wrong.output()).toContain("'--prot'");
  });
});
