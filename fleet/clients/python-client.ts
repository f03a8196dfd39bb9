import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { tools } from '../src/launch/roster.ts';

const run = promisify(execFile);
const own = join(import.meta.dirname, 'python');
const requirements = join(own, 'requirements.txt');

/** Imports every module of the generated package, so that each line that a client would load is loaded. */
const IMPORT_EVERYTHING = `
import importlib, pkgutil, rivergate_client
for module in pkgutil.walk_packages(rivergate_client.__path__, 'rivergate_client.'):
    importlib.import_module(module.name)
`;

/** The pinned generator in a virtual environment of its own, kept in the clone from one run to the next. */
export async function preparePython(program: string): Promise<string> {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const environment = join(tools, `python-clients-${version}`);
  const finished = join(environment, 'bin', 'openapi-python-client');
  if (existsSync(finished)) return environment;
  rmSync(environment, { recursive: true, force: true });
  await run(program, ['-m', 'venv', environment]);
  // Nothing is kept outside the clone.
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--cache-dir',
    join(tools, 'pip'),
    '--requirement',
    requirements,
  ];
  await run(join(environment, 'bin', 'python'), pip);
  return environment;
}

/** @returns what the generator warned of @throws Error with the output of what failed */
export async function pythonClient(
  environment: string,
  document: string,
  directory: string,
): Promise<string[]> {
  const bin = join(environment, 'bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, PYTHONPATH: directory };
  const output = join(directory, 'rivergate_client');
  const settings = ['--config', join(own, 'settings.yaml'), '--meta', 'none'];
  const generate = ['generate', '--path', document, '--output-path', output, ...settings];
  const { stdout, stderr } = await run(join(bin, 'openapi-python-client'), generate, { env });
  await run(join(bin, 'python'), ['-W', 'error', '-c', IMPORT_EVERYTHING], { env });
  return `${stdout}${stderr}`.split('\n').filter(line => /warning|error|unable|skipp/i.test(line));
}
