import { readFileSync } from 'node:fs';

/** Memory of processes in bytes, each page that several share counted in parts (PSS); undefined where Linux does not say. */
export function memoryOf(pids: number[]): number | undefined {
  let total = 0;
  for (const pid of pids) {
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      total += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
    } catch {
      return undefined;
    }
  }
  return total;
}

/** A process and all that it started, by /proc. */
export function withDescendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean);
    return [pid, ...children.flatMap(child => withDescendants(Number(child)))];
  } catch {
    return [pid];
  }
}
