import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import { clone, tools } from '../launch/roster.ts';
import { hasApt, libraryPath, unpackPackages } from '../provision/debian.ts';
import { isExecutable, onPath } from '../provision/executable.ts';
import { python } from '../provision/languages.ts';
import { pythonEnvironment } from '../provision/python-environment.ts';
import type { Offer } from './on-demand.ts';

const REQUIREMENTS = join(clone, 'services', 'sso', 'src', 'testing', 'pysaml2', 'requirements.txt');

/** A program that runs Python with pysaml2, and that with xmlsec1: the one of this machine, else Debian's. */
export async function pysaml2(progress: Progress): Promise<Offer> {
  const interpreter = await python();
  if (interpreter.reason !== undefined) return interpreter;
  const directory = join(tools, 'xmlsec1');
  const unpacked = join(directory, 'root', 'usr', 'bin', 'xmlsec1');
  const ofMachine = onPath('xmlsec1');
  if (!ofMachine && !isExecutable(unpacked)) {
    if (process.platform !== 'linux' || !hasApt())
      return {
        reason: 'no xmlsec1 on the PATH (Debian: apt-get install xmlsec1; macOS: brew install libxmlsec1)',
      };
    await progress.step(`unpacking xmlsec1 into ${directory} (apt-get download xmlsec1)`, () =>
      unpackPackages(['xmlsec1'], directory),
    );
  }
  const environment = await pythonEnvironment(interpreter.value, 'pysaml2', REQUIREMENTS);
  const starter = join(environment, 'start');
  const variables = ofMachine
    ? [`XMLSEC1='${ofMachine}'`]
    : [`XMLSEC1='${unpacked}'`, `LD_LIBRARY_PATH='${libraryPath(directory)}'`];
  writeFileSync(
    starter,
    `#!/bin/sh\nexport ${variables.join(' ')}\nexec '${join(environment, 'bin', 'python')}' "$@"\n`,
  );
  chmodSync(starter, 0o755);
  return { value: starter };
}
