import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const ROTATE_AT_BYTES = 20 * 1024 * 1024;
const REMEMBERED_LINES = 15;
const PINO_ERROR = 50;

export type Log = {
  file: string;
  /** What it said last, for the message of a process that does not come up. */
  lastLines(): string[];
};

/** Appends a process's output to its log file and hands what `worthShowing` finds in a line to `onTrouble`. */
export function logTo(
  file: string,
  outputs: { stdout: Readable; stderr: Readable },
  worthShowing: (line: string, isError: boolean) => string | undefined,
  onTrouble: (line: string) => void,
): Log {
  mkdirSync(dirname(file), { recursive: true });
  // One old file is kept, as <name>.log.1.
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_AT_BYTES) renameSync(file, `${file}.1`);
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  stream.on('error', () => {});
  const last: string[] = [];
  let open = 2;
  for (const [name, output] of Object.entries(outputs)) {
    const lines = createInterface({ input: output });
    lines.on('line', line => {
      stream.write(`${line}\n`);
      last.push(line);
      if (last.length > REMEMBERED_LINES) last.shift();
      const trouble = worthShowing(line, name === 'stderr');
      if (trouble) onTrouble(trouble);
    });
    lines.on('close', () => {
      open -= 1;
      if (open === 0) stream.end();
    });
  }
  return { file, lastLines: () => [...last] };
}

/**
 * The lines of a Node process that a human should see: pino's errors and fatals, and what is not JSON on stderr
 * (the stack trace of a process that could not even log).
 */
export function errorsOfPino(line: string, isError: boolean): string | undefined {
  if (!line.startsWith('{')) return isError && line.trim() ? line : undefined;
  try {
    const entry = JSON.parse(line) as { level?: number | string; msg?: string; err?: { message?: string } };
    const { level = 0 } = entry;
    const serious = typeof level === 'number' ? level >= PINO_ERROR : level === 'error' || level === 'fatal';
    if (!serious) return undefined;
    return [...new Set([entry.msg, entry.err?.message].filter(Boolean))].join(': ');
  } catch {
    return undefined;
  }
}
