import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POM = join(import.meta.dirname, '../pom.xml');
/** What this Kafka needs. */
export const OLDEST_JAVA = 17;

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

/** Names of the Debian packages that the broker lacks to run here. */
export async function missingTools(): Promise<string[]> {
  return [
    ...((await javaVersion()) >= OLDEST_JAVA ? [] : ['openjdk-17-jre-headless']),
    ...((await hasMaven()) ? [] : ['maven']),
  ];
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
      // Not the one in the home directory: nothing outside the clone is written.
      `-Dmaven.repo.local=${join(cache, 'maven')}`,
    ]);
    await rename(unfinished, folder).catch(error => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}
