import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beginningOf, isAlive } from '../processes/process-table.ts';

type Holder = { pid: number; began: string | undefined; address?: string };

export type Lock = {
  /** Tells a second launcher where this one answers. */
  announce(address: string): void;
  release(): void;
};

export class AlreadyRunning extends Error {
  constructor(directory: string, { pid, address }: Holder) {
    super(
      `A fleet already runs on ${directory} (pid ${pid}${address ? `, ${address}` : ''}). ` +
        'Stop it first, or give this one a directory and a port of its own: npm start -- --data-dir other --port 8090',
    );
  }
}

/**
 * One launcher a data directory. The lock of a launcher that is gone (kill -9, power cut) is taken over; its number
 * may belong to another process by now, so the moment that process began is part of the lock.
 */
export async function lock(directory: string): Promise<Lock> {
  const file = join(directory, 'launcher.lock');
  const mine: Holder = { pid: process.pid, began: beginningOf(process.pid) };
  const write = (flag: 'w' | 'wx') => writeFileSync(file, JSON.stringify(mine), { flag, mode: 0o600 });
  for (;;) {
    try {
      write('wx');
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = read(file);
    if (holder && isAlive(holder.pid) && beginningOf(holder.pid) === holder.began)
      throw new AlreadyRunning(directory, holder);
    rmSync(file, { force: true });
    await delay(10);
  }
  return {
    announce(address) {
      mine.address = address;
      write('w');
    },
    release() {
      if (read(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

function read(file: string): Holder | undefined {
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Holder) : undefined;
  } catch {
    return undefined;
  }
}
