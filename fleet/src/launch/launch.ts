import { resolve } from 'node:path';
import { reachedByOthers } from '@rivergate/caller/address';
import { generateInternalKeys } from '@rivergate/caller/internal-keys';
import { DATABASE_ROLES } from '@rivergate/service/database';
import { type Progress, silence } from '../console/progress.ts';
import { logDirectory, openDataDirectory, refuseForeign, wipe } from '../data-directory/data-directory.ts';
import { lock } from '../data-directory/lock.ts';
import { secretsOf } from '../data-directory/secrets.ts';
import { type Guard, startGuard } from '../processes/guard.ts';
import type { Program } from '../processes/program.ts';
import { type Supervised, supervise } from '../processes/supervise.ts';
import { freePorts, isFree } from '../provision/ports.ts';
import {
  BACKING,
  type BackingPorts,
  type Provisioning,
  provideDatabase,
  provideMailbox,
  provideRedis,
} from './backing.ts';
import { environmentOf, hostOf, type Site } from './environment.ts';
import { awaitLeftovers, noteProcesses } from './leftovers.ts';
import { nodeProgram } from './node-program.ts';
import { reachStores } from './reach-stores.ts';
import { DEFAULT_PORT, type Member, roster } from './roster.ts';

export type LaunchOptions = {
  dataDirectory: string;
  /** Of the gateway; 0 for any free one. */
  port: number;
  /** Wipe the data first. */
  reset?: boolean;
  /** What the operator set: REDIS_URL, SMTP_URL, DATABASE_ADMIN_URL, KAFKA_BROKERS and all the services read. */
  operator?: NodeJS.ProcessEnv;
  members?: Member[];
  progress?: Progress;
  /** Gives the start up: what runs is stopped and the promise rejects. */
  signal?: AbortSignal;
};

export type Fleet = {
  url: string;
  mailboxUrl: string | undefined;
  dataDirectory: string;
  /** In the order they are stopped. */
  processes: Supervised[];
  stop(): Promise<void>;
  /** Ends everything at once. The data survives, as in a power cut. */
  kill(): void;
};

/** Starts the whole fleet and resolves when it is ready. Rejects, with everything stopped, if it cannot be. */
export async function launch(options: LaunchOptions): Promise<Fleet> {
  const directory = resolve(options.dataDirectory);
  const { operator = process.env, progress = silence, members = roster(), signal } = options;
  refusePublicMailbox(operator);
  refuseForeign(directory);
  await reachStores(operator);
  openDataDirectory(directory);
  const held = await lock(directory);
  const running: Supervised[] = [];
  let guard: Guard | undefined;

  const stop = async () => {
    for (const group of inStoppingOrder(running)) await Promise.all(group.map(one => one.stop()));
    await guard?.close();
    held.release();
  };

  try {
    await awaitLeftovers(directory, progress);
    const { ports, backing } = await portsOf(members, options.port, operator);
    if (options.reset) {
      await progress.step('wiping the data', async () => wipe(directory));
      openDataDirectory(directory);
    }
    guard = startGuard();
    const secrets = secretsOf(directory, ['postgres', 'redis', ...DATABASE_ROLES.map(({ role }) => role)]);
    const internalKeys = generateInternalKeys(members.map(({ name }) => name));
    const run = startIn(directory, guard, running, progress, signal);
    const provisioning: Provisioning = {
      directory,
      operator,
      progress,
      passwords: secrets.passwords,
      ports: backing,
      run,
    };

    const [adminUrl, redisUrl, mail] = await settled([
      provideDatabase(provisioning),
      provideRedis(provisioning),
      provideMailbox(provisioning),
    ]);
    const url = `http://localhost:${ports.gateway}`;
    const publicUrl = operator.PUBLIC_URL ?? url;
    const site: Site = { operator, secrets, internalKeys, publicUrl, adminUrl, redisUrl, ...mail, ports };
    // Not one after the other's end: the gateway waits for every service, also for one that has given up.
    await Promise.all(
      members.map(member =>
        run(nodeProgram(member.name, member.main, ports[member.name]!, environmentOf(member, site))),
      ),
    );
    held.announce(url);
    return {
      url,
      mailboxUrl: mail.mailboxUrl,
      dataDirectory: directory,
      processes: inStoppingOrder(running).flat(),
      stop,
      kill: () => {
        for (const one of running) one.kill();
        held.release();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startIn(
  directory: string,
  guard: Guard,
  running: Supervised[],
  progress: Progress,
  signal?: AbortSignal,
) {
  const note = () =>
    noteProcesses(
      directory,
      running.map(({ program, pid }) => ({ name: program.name, pid })),
    );
  return async (program: Program): Promise<Supervised> => {
    signal?.throwIfAborted();
    const began = Date.now();
    const started = supervise(program, {
      guard,
      logDirectory: logDirectory(directory),
      watcher: {
        died: ({ title }, how, backoff) =>
          progress.warn(`${title} ${how}; starting it again in ${(backoff / 1000).toFixed(1)} s`),
        back: ({ title }, took) => {
          note();
          progress.done(`${title} is back`, took);
        },
        trouble: ({ name }, line) => progress.warn(`${name}: ${line}`),
      },
    });
    running.push(started);
    note();
    const giveUp = () => void started.stop();
    signal?.addEventListener('abort', giveUp);
    await started.ready.finally(() => signal?.removeEventListener('abort', giveUp));
    progress.done(program.title, Date.now() - began);
    return started;
  };
}

/** The gateway first, so that nothing new comes in; then who used the stores; then the stores. */
function inStoppingOrder(running: Supervised[]): Supervised[][] {
  const named = (name: string) => running.filter(({ program }) => program.name === name);
  const last = ['gateway', 'redis', 'postgresql'];
  const others = running.filter(({ program }) => !last.includes(program.name));
  return [named('gateway'), others, named('redis'), named('postgresql')];
}

async function portsOf(members: Member[], port: number, operator: NodeJS.ProcessEnv) {
  const host = hostOf({ kind: 'gateway' }, operator);
  if (port !== 0 && !(await isFree(port, host))) throw new PortTaken(port);
  // All in one go: a port that was looked for alone could be one that was found before.
  const free = await freePorts(BACKING.length + members.length);
  const backing = Object.fromEntries(BACKING.map(name => [name, free.pop()])) as BackingPorts;
  // A fleet on a port of its own stands beside another, which may want the default ports of the services.
  const usual = port === DEFAULT_PORT;
  const chosen = members.map(async (member, at): Promise<[string, number]> => {
    if (member.kind === 'gateway') return [member.name, port || free[at]!];
    return [member.name, usual && (await isFree(member.port)) ? member.port : free[at]!];
  });
  return { backing, ports: Object.fromEntries(await Promise.all(chosen)) };
}

export class PortTaken extends Error {
  constructor(port: number) {
    super(
      `Port ${port} is taken by another program. Stop that one, or choose another port: npm start -- --port ${port + 1}`,
    );
  }
}

/** The mailbox that stands in for a mail server shows every mailed code: there is none where others come. */
function refusePublicMailbox(operator: NodeJS.ProcessEnv) {
  if (operator.SMTP_URL) return;
  const found = reachedByOthers(hostOf({ kind: 'gateway' }, operator), operator.PUBLIC_URL ?? '');
  if (found !== null) throw new MailboxRefused(found);
}

export class MailboxRefused extends Error {
  constructor(found: string) {
    super(
      `${found}, and there is no mail server: the mailbox at /dev/mailbox, which would stand in for one, shows every mailed code and is for this machine only.\nName a mail server: SMTP_URL=smtp://user:password@host:port npm start`,
    );
  }
}

/** Like Promise.all, but waits for all to end before it throws the first error: nothing starts after that. */
async function settled<const T extends readonly Promise<unknown>[]>(
  work: T,
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map(result => (result as PromiseFulfilledResult<unknown>).value) as {
    [K in keyof T]: Awaited<T[K]>;
  };
}
