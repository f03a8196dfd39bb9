import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Progress } from '../console/progress.ts';
import { tools } from '../launch/roster.ts';
import { run } from './debian.ts';

export const KEYCLOAK = '26.7.3';
/** Of the archive. Maven compares no more than what the repository says itself. */
const SHA256 = '77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
/** What its build settles: a database in memory, no cluster, health on the one port that it has. */
const BUILD = [
  '--db=dev-mem',
  '--cache=local',
  '--health-enabled=true',
  '--http-management-health-enabled=false',
];

/**
 * Keycloak, fetched by Maven and built once for each version, and kept in the clone.
 *
 * @param scratch on the same file system, and thrown away also where this is not finished
 * @returns its folder
 */
export async function keycloakDistribution(scratch: string, progress: Progress): Promise<string> {
  const version = createHash('sha256').update(BUILD.join(' ')).digest('hex').slice(0, 12);
  const folder = join(tools, `keycloak-${KEYCLOAK}-${version}`);
  if (!existsSync(folder))
    await progress.step(`fetching Keycloak ${KEYCLOAK} with Maven, and building it`, () =>
      fetchAndBuild(folder, scratch),
    );
  return folder;
}

async function fetchAndBuild(folder: string, scratch: string): Promise<void> {
  const repository = join(scratch, 'maven');
  const unfinished = join(scratch, 'keycloak');
  await mkdir(unfinished, { recursive: true });
  const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${KEYCLOAK}:tar.gz`;
  // Not the repository in the home directory: nothing outside the clone is written.
  const places = [`-DoutputDirectory=${repository}`, `-Dmaven.repo.local=${repository}`];
  await must('mvn', ['-q', '-B', COPY, artifact, ...places]);
  const archive = join(repository, `keycloak-quarkus-dist-${KEYCLOAK}.tar.gz`);
  if ((await sha256Of(archive)) !== SHA256)
    throw new Error(`What Maven fetched is not Keycloak ${KEYCLOAK}: its SHA-256 is another one`);
  await must('tar', ['-xzf', archive, '-C', unfinished, '--strip-components=1']);
  await must(join(unfinished, 'bin', 'kc.sh'), ['build', ...BUILD], { JAVA_OPTS_KC_HEAP: '-Xmx512m' });
  await rename(unfinished, folder).catch(error => {
    if (!existsSync(folder)) throw error;
  });
}

async function must(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { status, output } = await run(command, args, env);
  if (status !== 0)
    throw new Error(`${command} ${args[0]} … failed:\n${output.trim().split('\n').slice(-8).join('\n')}`);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
