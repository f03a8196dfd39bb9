import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { clone } from '../launch/roster.ts';

export type Finding = { title: string; passed: boolean; output: string; took: number };

const colourful = process.stdout.hasColors?.() ?? false;
const CHECKS = [
  { title: 'types (tsc)', command: 'tsc', args: ['--noEmit', '--pretty', String(colourful)] },
  {
    title: 'lint and format (biome)',
    command: 'biome',
    args: ['check', '--error-on-warnings', `--colors=${colourful ? 'force' : 'off'}`],
  },
];

/** Types, lint and format of the whole workspace, at the same time. Changes nothing. */
export function check(): Promise<Finding[]> {
  return Promise.all(
    CHECKS.map(one => run(one.title, join(clone, 'node_modules', '.bin', one.command), one.args)),
  );
}

function run(title: string, command: string, args: string[]): Promise<Finding> {
  const began = Date.now();
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: clone, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        output += chunk;
      });
    }
    const end = (passed: boolean) =>
      resolve({ title, passed, output: output.trim(), took: Date.now() - began });
    child.once('error', error => {
      output += error.message;
      end(false);
    });
    child.once('close', code => end(code === 0));
  });
}

/** What to show of the findings: the whole output of what failed. */
export function report(findings: Finding[], write: (text: string) => void) {
  for (const { title, passed, output, took } of findings) {
    if (!passed) write(`\n${output}\n\n`);
    write(`  ${passed ? '✓' : '✗'} ${title.padEnd(30)} ${(took / 1000).toFixed(1)} s\n`);
  }
}
