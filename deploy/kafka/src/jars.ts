import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POM = join(import.meta.dirname, '../pom.xml');
const OLDEST_JAVA = 17;

export type Log = (line: string) => void;

async function javaVersion(): Promise<number> {
  try {
    const { stderr, stdout } = await run('java', ['-version']);
    return Number(/version "(\d+)/.exec(stderr + stdout)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function hasMaven(): Promise<boolean> {
  return run('mvn', ['-v']).then(
    () => true,
    () => false,
  );
}

/** Installs Debian packages when that can be done without asking: as root, with apt. */
async function install(packages: string[], log: Log): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  log(`Installing ${packages.join(' and ')} with apt`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
  } catch (error) {
    log(`apt failed: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
  }
}

/** What the broker lacks to run here, or null; tries to install it first. */
export async function missingTools(log: Log): Promise<string | null> {
  const missing = async () => [
    ...((await javaVersion()) >= OLDEST_JAVA ? [] : ['openjdk-17-jre-headless']),
    ...((await hasMaven()) ? [] : ['maven']),
  ];
  const wanted = await missing();
  if (wanted.length === 0) return null;
  await install(wanted, log);
  const still = await missing();
  if (still.length === 0) return null;
  return `Kafka needs Java ${OLDEST_JAVA} or newer and Maven; missing here: ${still.join(', ')}`;
}

/** The folder with the broker's jars, fetched by Maven once for each version of the pom. */
export async function kafkaJars(cache: string, log: Log): Promise<string> {
  const version = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cache, `jars-${version}`);
  if (existsSync(folder)) return folder;
  log('Fetching the jars of Kafka with Maven');
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await run('mvn', [
      ...['-q', '-B', '-f', POM, 'dependency:copy-dependencies'],
      ...['-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`],
    ]);
    await rename(unfinished, folder).catch(error => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}
