import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import type { Program } from '../processes/program.ts';
import { missingJavaAndMaven } from '../provision/java-and-maven.ts';
import { KEYCLOAK, keycloakDistribution } from '../provision/keycloak-distribution.ts';
import { freePorts } from '../provision/ports.ts';
import type { Offer } from './on-demand.ts';

/** Milliseconds: seventeen seconds on a quiet machine, minutes on a busy one. */
const START_TIMEOUT = 900_000;
const ADMINISTRATOR = 'admin';

export type KeycloakOptions = {
  /** Of the run: for what is fetched, and what Keycloak writes down. */
  directory: string;
  /** Starts it, and ends it when the run ends, however that ends. */
  run: (program: Program) => Promise<void>;
  progress: Progress;
};

/** Keycloak, where `npm test -- --with keycloak` asked for its stage. */
export async function runKeycloak({ directory, run, progress }: KeycloakOptions): Promise<Offer> {
  if (!(process.env.TEST_WITH ?? '').split(',').includes('keycloak'))
    return { reason: 'its stage was not asked for: npm test -- --with keycloak' };
  const missing = await missingJavaAndMaven('Leave --with keycloak out.', progress);
  if (missing.length > 0) return { reason: `it needs Java and Maven; missing here: ${missing.join(', ')}` };
  mkdirSync(directory, { recursive: true });
  const home = await keycloakDistribution(directory, progress);
  const [port] = (await freePorts(1)) as [number];
  const password = randomBytes(16).toString('hex');
  await inTime(run(keycloak(home, directory, port, password)));
  return { value: `http://${ADMINISTRATOR}:${password}@127.0.0.1:${port}` };
}

/** What bin/kc.sh runs: the script itself leaves Java behind where it is killed. */
function keycloak(home: string, directory: string, port: number, password: string): Program {
  return {
    name: 'keycloak',
    title: `Keycloak ${KEYCLOAK}`,
    command: 'java',
    args: [
      ...['-Xms64m', '-Xmx512m', '-XX:MaxMetaspaceSize=256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-XX:+ExitOnOutOfMemoryError', '-Dfile.encoding=UTF-8', '-Duser.language=en', '-Duser.country=US'],
      ...['util', 'util.concurrent', 'security', 'lang'].map(
        name => `--add-opens=java.base/java.${name}=ALL-UNNAMED`,
      ),
      `-Dkc.home.dir=${home}`,
      `-Djboss.server.config.dir=${join(home, 'conf')}`,
      '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
      `-Djava.io.tmpdir=${directory}`,
      `-Dquarkus.transaction-manager.object-store.directory=${join(directory, 'transactions')}`,
      ...['-cp', join(home, 'lib', 'quarkus-run.jar'), 'io.quarkus.bootstrap.runner.QuarkusEntryPoint'],
      ...['start', '--optimized', '--http-enabled=true', '--hostname-strict=false'],
      ...['--http-host=127.0.0.1', `--http-port=${port}`],
    ],
    env: {
      PATH: process.env.PATH,
      KC_BOOTSTRAP_ADMIN_USERNAME: ADMINISTRATOR,
      KC_BOOTSTRAP_ADMIN_PASSWORD: password,
    },
    cwd: directory,
    ready: async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok,
    stopSignal: 'SIGTERM',
    stopWithin: 10_000,
  };
}

async function inTime(started: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Keycloak did not start within ${START_TIMEOUT / 1_000} s`)),
      START_TIMEOUT,
    );
  });
  await Promise.race([started, late]).finally(() => clearTimeout(timer));
}
