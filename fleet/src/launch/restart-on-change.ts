import { watch } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import type { Fleet } from './launch.ts';
import { clone } from './roster.ts';

/** An editor writes a file in several steps, and a branch switch writes many: one restart for all of it. */
const SETTLE_MS = 200;

/** Restarts the processes whose code changed: a service for its own folder, all for a library. */
export function restartOnChange(fleet: Fleet, progress: Progress) {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const restart = () => {
    const affected = fleet.processes.filter(
      ({ program }) => changed.has(program.name) || (changed.has('libs') && isOurs(program.name)),
    );
    changed.clear();
    for (const one of affected) {
      progress.note(`${one.program.title} changed: starting it again`);
      void one.restart();
    }
  };
  const note = (who: string) => {
    changed.add(who);
    clearTimeout(timer);
    timer = setTimeout(restart, SETTLE_MS);
  };
  for (const folder of ['libs', 'services', 'gateway'] as const) {
    watch(join(clone, folder), { recursive: true }, (_kind, file) => {
      if (!file || !isCode(file)) return;
      note(folder === 'services' ? (file.split('/')[0] ?? '') : folder);
    });
  }
  progress.note('watching libs/, services/ and gateway/ for changes');
}

const isOurs = (name: string) => !['redis', 'postgresql', 'mailbox'].includes(name);

function isCode(file: string): boolean {
  return /\.(ts|json)$/.test(file) && !file.endsWith('.test.ts') && !file.includes('node_modules');
}
