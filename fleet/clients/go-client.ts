import { execFile } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tools } from '../src/launch/roster.ts';

const run = promisify(execFile);
const own = join(import.meta.dirname, 'go');

/** Whatever Go downloads and builds stays in the clone; the versions and their checksums are those of `go.sum`. */
const environment = () => ({
  ...process.env,
  GOMODCACHE: join(tools, 'go', 'modules'),
  GOCACHE: join(tools, 'go', 'build'),
  GOFLAGS: '-mod=readonly -modcacherw -buildvcs=false',
  GOTOOLCHAIN: 'local',
});

/** Downloads and builds the pinned generator, which takes minutes the first time and none after it. */
export async function prepareGo(program: string): Promise<void> {
  await run(program, ['tool', 'oapi-codegen', '-version'], { cwd: own, env: environment() });
}

/** @throws Error with the output of what failed */
export async function goClient(program: string, document: string, directory: string): Promise<void> {
  for (const file of ['go.mod', 'go.sum']) copyFileSync(join(own, file), join(directory, file));
  const settings = { cwd: directory, env: environment() };
  const generate = ['-generate', 'types,client', '-package', 'client', '-o', 'client.go', document];
  await run(program, ['tool', 'oapi-codegen', ...generate], settings);
  await run(program, ['vet', '.'], settings);
}
