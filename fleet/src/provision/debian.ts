import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import { onPath } from './executable.ts';
import { announceSystemChange } from './system-change.ts';

export type Outcome = { status: number; output: string };

/** Whether packages of Debian or a relative can be had here. */
export function hasApt(): boolean {
  return Boolean(onPath('apt-get') && onPath('dpkg'));
}

/**
 * Installs packages into the system, as root, after saying so.
 *
 * @param instead what the person can do who does not want that
 * @throws with apt's own words when it fails, and where changes of the system are refused
 */
export async function installSystemPackages(
  packages: string[],
  instead: string,
  progress: Progress,
): Promise<void> {
  announceSystemChange(progress, `apt-get install ${packages.join(' ')}`, instead);
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  const install = () =>
    run('apt-get', ['install', ...options, ...packages], { DEBIAN_FRONTEND: 'noninteractive' });
  await progress.step(`installing ${packages.join(', ')}`, async () => {
    // A fresh image has no package lists, an old one lists versions the mirror no longer has.
    if ((await install()).status === 0) return;
    await run('apt-get', ['update']);
    const { status, output } = await install();
    if (status !== 0) throw new Error(`apt-get install ${packages.join(' ')} failed:\n${lastLines(output)}`);
  });
}

/**
 * Unpacks a package, and what it depends on and the machine lacks, into a directory that is emptied first, without being
 * root. apt keeps its lists and its cache in that directory too, so nothing of the system is written.
 */
export async function unpackPackages(packages: string[], directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const state = join(directory, 'apt');
  const downloads = join(directory, 'packages');
  for (const path of [
    join(state, 'lists', 'partial'),
    join(state, 'cache', 'archives', 'partial'),
    downloads,
  ]) {
    mkdirSync(path, { recursive: true });
  }
  const options = [
    ...['-o', `Dir::State::Lists=${join(state, 'lists')}`],
    ...['-o', `Dir::Cache=${join(state, 'cache')}`],
    ...['-o', 'Debug::NoLocking=true', '-o', 'APT::Sandbox::User=', '-o', 'Acquire::Languages=none'],
  ];
  await must('apt-get', [...options, 'update']);
  const plan = await must('apt-get', [
    ...options,
    'install',
    '--simulate',
    // Also what the machine has: a package that is there and does not help is no help here.
    '--reinstall',
    '--no-install-recommends',
    ...packages,
  ]);
  const missing = [...plan.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+)/gm)].map(
    ([, name, version]) => `${name}=${version}`,
  );
  if (missing.length === 0) return;
  await must('apt-get', [...options, 'download', ...missing], downloads);
  for (const file of readdirSync(downloads).filter(name => name.endsWith('.deb'))) {
    await must('dpkg', ['-x', join(downloads, file), join(directory, 'root')]);
  }
  for (const path of [state, downloads]) rmSync(path, { recursive: true });
}

/**
 * The library directories of a tree made by `unpackPackages`, for LD_LIBRARY_PATH: also those that a package keeps its
 * private libraries in, which its other libraries look for at the absolute path of an installed system.
 */
export function libraryPath(directory: string): string {
  const root = join(directory, 'root');
  return ['usr/lib', 'lib']
    .map(path => join(root, path))
    .filter(path => existsSync(path))
    .flatMap(path => [
      path,
      ...directoriesIn(path)
        .filter(name => name.includes('-linux-'))
        .flatMap(name => [name, ...directoriesIn(name).filter(holdsLibraries)]),
    ])
    .join(':');
}

function directoriesIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(path, entry.name));
}

const holdsLibraries = (path: string) => readdirSync(path).some(name => /^lib.*\.so(?:\.|$)/.test(name));

async function must(command: string, args: string[], cwd?: string): Promise<string> {
  const { status, output } = await run(command, args, {}, cwd);
  if (status !== 0) throw new Error(`${command} ${args.at(-1)} failed:\n${lastLines(output)}`);
  return output;
}

export function run(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, LC_ALL: 'C', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        output += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', code => resolve({ status: code ?? 1, output }));
  });
}

function lastLines(text: string): string {
  return text
    .trim()
    .split('\n')
    .slice(-8)
    .map(line => `      ${line}`)
    .join('\n');
}
