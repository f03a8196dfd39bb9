import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../console/progress.ts';
import { beginningOf, isAlive } from '../processes/process-table.ts';

type Entry = { name: string; pid: number; began: string | undefined };

const GRACE_MS = 12_000;

/** Writes down which processes run, so that the next launcher knows what this one left if it is killed. */
export function noteProcesses(directory: string, running: { name: string; pid: number | undefined }[]) {
  const entries = running.flatMap(({ name, pid }): Entry[] =>
    pid ? [{ name, pid, began: beginningOf(pid) }] : [],
  );
  writeFileSync(join(directory, 'processes.json'), `${JSON.stringify(entries)}\n`, { mode: 0o600 });
}

/** Waits for the processes of a killed launcher, which its guard is stopping, and ends those that do not. */
export async function awaitLeftovers(directory: string, progress: Progress) {
  const file = join(directory, 'processes.json');
  if (!existsSync(file)) return;
  let entries: Entry[];
  try {
    entries = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return;
  }
  const left = () => entries.filter(({ pid, began }) => isAlive(pid) && beginningOf(pid) === began);
  if (left().length === 0) return;
  await progress.step('waiting for what a killed launcher left', async () => {
    const deadline = Date.now() + GRACE_MS;
    while (left().length > 0 && Date.now() < deadline) await delay(50);
    // PostgreSQL recovers from this like from a power cut.
    for (const { pid } of left()) process.kill(pid, 'SIGKILL');
    while (left().length > 0) await delay(20);
  });
}
