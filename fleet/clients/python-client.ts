import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { pythonEnvironment } from '../src/provision/python-environment.ts';

const run = promisify(execFile);
const own = join(import.meta.dirname, 'python');
const requirements = join(own, 'requirements.txt');

/** Imports every module of the generated package, so that each line that a client would load is loaded. */
const IMPORT_EVERYTHING = `
import importlib, pkgutil, rivergate_client
for module in pkgutil.walk_packages(rivergate_client.__path__, 'rivergate_client.'):
    importlib.import_module(module.name)
`;

/** The pinned generator in a virtual environment of its own. */
export const preparePython = (program: string): Promise<string> =>
  pythonEnvironment(program, 'python-clients', requirements);

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
