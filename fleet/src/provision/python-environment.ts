import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tools } from '../launch/roster.ts';

const run = promisify(execFile);

/**
 * A virtual environment with what a file of requirements pins, kept in the clone from one run to the next.
 *
 * @returns its folder
 */
export async function pythonEnvironment(
  program: string,
  name: string,
  requirements: string,
): Promise<string> {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const environment = join(tools, `${name}-${version}`);
  const finished = join(environment, 'installed');
  if (existsSync(finished)) return environment;
  rmSync(environment, { recursive: true, force: true });
  await run(program, ['-m', 'venv', environment]);
  // Nothing is kept outside the clone.
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--cache-dir', join(tools, 'pip')];
  await run(join(environment, 'bin', 'python'), [...pip, '--requirement', requirements]);
  writeFileSync(finished, '');
  return environment;
}
