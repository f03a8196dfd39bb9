import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Progress, silence } from '../console/progress.ts';
import { AlreadyRunning } from '../data-directory/lock.ts';
import { isAlive } from '../processes/process-table.ts';
import { removeDirectory } from '../provision/system-account.ts';
import { type Fleet, type LaunchOptions, launch, MailboxRefused, PortTaken } from './launch.ts';
import type { Member } from './roster.ts';

const main = join(import.meta.dirname, 'testing', 'stand-in.ts');
const members: Member[] = [
  { name: 'gateway', kind: 'gateway', main, port: 8080 },
  { name: 'identity', kind: 'service', main, port: 8081 },
  { name: 'data-source', kind: 'service', main, port: 8084 },
];
const operator = { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };

let directory: string;
let dataDirectory: string;
let running: Fleet[];
let told: string[];

const progress: Progress = {
  ...silence,
  done: title => void told.push(title),
  warn: text => void told.push(text),
};

async function start(options: Partial<LaunchOptions> = {}): Promise<Fleet> {
  const fleet = await launch({ dataDirectory, port: 0, members, operator, progress, ...options });
  running.push(fleet);
  return fleet;
}

const processNamed = (fleet: Fleet, name: string) =>
  fleet.processes.find(({ program }) => program.name === name)!;
const answers = (url: string) =>
  fetch(`${url}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rivergate-launch-'));
  dataDirectory = join(directory, 'data');
  running = [];
  told = [];
});

afterEach(async () => {
  await Promise.all(running.map(fleet => fleet.stop()));
  for (const name of ['data', 'second']) {
    removeDirectory(join(directory, name, 'postgres'));
  }
  rmSync(directory, { recursive: true });
});

describe('launch', () => {
  it('starts the stores, the mailbox, the gateway and the services, and stops them all', async () => {
    const fleet = await start();
    expect(fleet.processes.map(({ program }) => program.name)).toEqual([
      'gateway',
      ...['mailbox', 'identity', 'data-source'],
      'redis',
      'postgresql',
    ]);
    expect(await answers(fleet.url)).toBe(true);
    const pids = fleet.processes.map(({ pid }) => pid!);
    await fleet.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(join(dataDirectory, 'launcher.lock'))).toBe(false);
  });

  it('starts a process again that died, on the same port, and says so', async () => {
    const fleet = await start();
    const identity = processNamed(fleet, 'identity');
    const before = identity.pid!;
    process.kill(before, 'SIGKILL');
    await vi.waitFor(() => expect(told).toContain('identity is back'), { timeout: 45_000 });
    expect(told).toContain('identity was ended by SIGKILL; starting it again in 0.3 s');
    expect(identity.pid).not.toBe(before);
  });

  it('recovers the database when it is killed', async () => {
    const fleet = await start();
    process.kill(processNamed(fleet, 'postgresql').pid!, 'SIGKILL');
    await vi.waitFor(() => expect(told).toContainEqual(expect.stringMatching(/^PostgreSQL .* is back$/)), {
      timeout: 45_000,
    });
  });

  it('keeps data and secrets over a restart, and wipes both when asked', async () => {
    const secrets = () => readFileSync(join(dataDirectory, 'secrets.json'), 'utf8');
    await (await start()).stop();
    const kept = secrets();
    expect(statSync(join(dataDirectory, 'secrets.json')).mode & 0o777).toBe(0o600);

    told = [];
    await (await start()).stop();
    expect(secrets()).toBe(kept);
    expect(told).not.toContain('database roles and schemas');

    const fresh = await start({ reset: true });
    expect(secrets()).not.toBe(kept);
    expect(await answers(fresh.url)).toBe(true);
  });

  it('refuses a taken port before anything is started', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await vi.waitFor(() => expect(other.listening).toBe(true));
    const { port } = other.address() as { port: number };
    await expect(start({ port })).rejects.toThrow(PortTaken);
    expect(existsSync(join(dataDirectory, 'secrets.json'))).toBe(false);
    other.close();
  });

  it.each([
    ['HOST is 0.0.0.0', { HOST: '0.0.0.0' }],
    ['HOST is ::', { HOST: '::' }],
    ['PUBLIC_URL begins with https', { PUBLIC_URL: 'https://rivergate.example' }],
  ])('refuses to have a mailbox where others come (%s), and says what to do', async (found, set) => {
    const started = start({ operator: { ...operator, ...set } });
    await expect(started).rejects.toThrow(MailboxRefused);
    await expect(started).rejects.toThrow(new RegExp(`^${found}.*SMTP_URL=`, 's'));
    expect(existsSync(dataDirectory)).toBe(false);
  });

  it('refuses a second launcher on the same data, and leaves the first alone', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(AlreadyRunning);
    await expect(start({ reset: true })).rejects.toThrow(first.url);
    expect(await answers(first.url)).toBe(true);
  });

  it('takes over the lock of a launcher that is gone, also when its number is in use again', async () => {
    mkdirSync(dataDirectory);
    writeFileSync(join(dataDirectory, 'rivergate-data'), '');
    writeFileSync(
      join(dataDirectory, 'launcher.lock'),
      JSON.stringify({ pid: process.pid, began: 'another time' }),
    );
    const fleet = await start();
    expect(await answers(fleet.url)).toBe(true);
  });

  it('never touches a directory that is not its own', async () => {
    mkdirSync(dataDirectory);
    writeFileSync(join(dataDirectory, 'thesis.txt'), 'years of work');
    await expect(start({ reset: true })).rejects.toThrow(/not made by Rivergate/);
    expect(readFileSync(join(dataDirectory, 'thesis.txt'), 'utf8')).toBe('years of work');
  });

  it('says what a process said that does not come up, and stops the rest', async () => {
    const broken = join(directory, 'broken.ts');
    writeFileSync(broken, "console.error('DATABASE_URL is wrong'); process.exit(3);");
    const failing = start({
      members: [...members, { name: 'policy', kind: 'service', main: broken, port: 8086 }],
    });
    await expect(failing).rejects.toThrow(
      /policy ended with code 3 before it was ready\.(.|\n)*DATABASE_URL is wrong/,
    );
    expect(existsSync(join(dataDirectory, 'launcher.lock'))).toBe(false);
  });

  it('does not wait for what waits for a process that will never come up', async () => {
    const broken = join(directory, 'broken.ts');
    const waiting = join(directory, 'waiting.ts');
    writeFileSync(broken, "console.error('No such key'); process.exit(1);");
    writeFileSync(waiting, 'setInterval(() => {}, 1_000);');
    const [gateway, identity] = members as [Member, Member];
    const fleet = start({
      members: [
        { ...gateway, main: waiting },
        { ...identity, main: broken },
      ],
    });
    await expect(fleet).rejects.toThrow('No such key');
  });

  it('provides nothing that the operator has already', async () => {
    const fleet = await start();
    const redis = (fleet: Fleet) => processNamed(fleet, 'identity').program.env?.REDIS_URL;
    const adminUrl = processNamed(fleet, 'identity').program.env!.DATABASE_URL!;
    const second = await start({
      dataDirectory: join(directory, 'second'),
      operator: {
        ...operator,
        REDIS_URL: redis(fleet),
        SMTP_URL: 'smtp://mail.example:25',
        KAFKA_BROKERS: 'kafka.example:9092',
      },
    });
    expect(second.processes.map(({ program }) => program.name)).not.toContain('redis');
    expect(second.processes.map(({ program }) => program.name)).not.toContain('mailbox');
    const { env } = processNamed(second, 'identity').program;
    expect(env).toMatchObject({ SMTP_URL: 'smtp://mail.example:25', KAFKA_BROKERS: 'kafka.example:9092' });
    expect(env?.EVENT_LOG_URL).toBeUndefined();
    expect(env?.DATABASE_URL).not.toBe(adminUrl);
    expect(processNamed(second, 'gateway').program.env?.MAILBOX_URL).toBeUndefined();
  });
});
