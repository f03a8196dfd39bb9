import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@rivergate/testing';
import { type Running, startProgram } from '../process.ts';
import { environmentOf, type Verifying } from './verifying.ts';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, 'spring');
const OLDEST_JAVA = 17;
const CACHE = join(import.meta.dirname, '../../../../.tools/spring-gateway');

/** Builds it if need be; null, or why it cannot be had on this machine. */
export async function springMissing(): Promise<string | null> {
  const version = await run('javac', ['-version']).then(
    ({ stdout, stderr }) => Number(/(\d+)/.exec(stdout + stderr)?.[1]),
    () => 0,
  );
  if (version < OLDEST_JAVA) return `there is no JDK ${OLDEST_JAVA} (Debian: openjdk-17-jdk-headless)`;
  return gatewayJar().then(
    () => null,
    cause => `Maven (Debian: maven) does not build it: ${String(cause.message).slice(0, 500)}`,
  );
}

/** Spring Cloud Gateway: it verifies each token anew and keeps a bucket for each subject in Redis. */
export async function startSpring(verifying: Verifying, core: number | null): Promise<Running> {
  const jar = await gatewayJar();
  const port = await freePort();
  return startProgram({
    command: 'java',
    argumentsOf: ['-Xmx512m', '-jar', jar],
    port,
    env: {
      ...environmentOf(verifying),
      PORT: String(port),
      REPLENISH_RATE: String(Math.ceil(verifying.limit / 60)),
    },
    signal: 'SIGTERM',
    folder: mkdtempSync(join(tmpdir(), 'rivergate-spring-')),
    core,
  });
}

/** Built by Maven once for each version of the sources. */
async function gatewayJar(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of globSync(['pom.xml', 'src/**/*.{java,yml}'], { cwd: PROJECT }).sort())
    hash.update(readFileSync(join(PROJECT, file)));
  const jar = join(CACHE, `${hash.digest('hex').slice(0, 12)}.jar`);
  if (existsSync(jar)) return jar;
  mkdirSync(CACHE, { recursive: true });
  const build = mkdtempSync(join(CACHE, 'build-'));
  await run('mvn', [
    ...['-q', '-B', '-f', join(PROJECT, 'pom.xml'), 'package', `-DbuildDirectory=${build}`],
    // Not the one in the home directory: nothing outside the clone is written.
    `-Dmaven.repo.local=${join(CACHE, 'maven')}`,
  ]);

  renameSync(join(build, 'spring-gateway.jar'), jar);
  rmSync(build, { recursive: true });
  return jar;
}
