import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { startBackingServices } from '@rivergate/fleet/backing-services';
import { hasApt, libraryPath, unpackPackages } from '@rivergate/fleet/debian';
import { progressOn } from '@rivergate/fleet/progress';
import { type Asked, readCommandLine } from './command-line.ts';
import { benchEndpoint } from './endpoint.ts';
import { benchEvents } from './events.ts';
import { benchFleet } from './fleet.ts';
import { benchGateway } from './gateway.ts';
import { benchIdentity } from './identity.ts';
import { benchOrganization } from './organization.ts';
import { benchSaml } from './saml.ts';
import { benchScim } from './scim.ts';
import { benchWebhooks } from './webhooks.ts';

/** What `npm run bench -- NAME` may name; without a name all of them run. */
const BENCHES = {
  gateway: () => benchGateway(asked.gateway),
  identity: () => benchIdentity(),
  endpoint: () => benchEndpoint(),
  events: async () =>
    benchEvents({
      adminUrl: process.env.TEST_DATABASE_ADMIN_URL!,
      kafkaBrokers: (await services.kafka()).value,
    }),
  organization: () => benchOrganization(),
  webhooks: () => benchWebhooks(),
  saml: () => benchSaml(),
  scim: () => benchScim(),
  fleet: () => benchFleet(),
};

const TOOLS = [
  { command: 'nginx', package: 'nginx-light' },
  { command: 'haproxy', package: 'haproxy' },
  { command: 'wrk', package: 'wrk' },
];

const asked = readAsked();

const progress = progressOn(process.stdout, process.stderr);
await bringTools();
const services = await startBackingServices(progress);
process.once('SIGINT', () => services.stop().then(() => process.exit(130)));
Object.assign(process.env, services.environment);
let failed = false;
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (asked.names.length > 0 && !asked.names.includes(name)) continue;
    console.log();
    await bench().catch(cause => {
      failed = true;
      console.error(`${name} could not be measured:`, cause);
    });
  }
  for (const reason of services.missing) console.log(`\nnot measured: ${reason}`);
} finally {
  await services.stop();
}
process.exit(failed ? 1 : 0);

/** A mistyped command line is said at once, not after an installation and a database. */
function readAsked(): Asked {
  try {
    const given = readCommandLine(process.argv.slice(2));
    const unknown = given.names.filter(name => !Object.hasOwn(BENCHES, name));
    if (unknown.length === 0) return given;
    throw new Error(
      `There is no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}.`,
    );
  } catch (cause) {
    console.error(cause instanceof Error ? cause.message : cause);
    process.exit(2);
  }
}

/**
 * nginx and HAProxy to compare with and wrk to load with: those of the machine, else Debian's, unpacked into the clone. Without
 * them a column is missing.
 */
async function bringTools(): Promise<void> {
  const isMissing = () => TOOLS.some(({ command }) => spawnSync(command, ['-v']).error);
  if (!isMissing() || !hasApt()) return;
  const unpacked = join(import.meta.dirname, '..', '..', '.tools', 'bench');
  const { PATH, LD_LIBRARY_PATH } = process.env;
  const find = () => {
    const folders = ['sbin', 'bin'].map(folder => join(unpacked, 'root', 'usr', folder));
    process.env.PATH = [PATH, ...folders].join(delimiter);
    process.env.LD_LIBRARY_PATH = [LD_LIBRARY_PATH, libraryPath(unpacked)].filter(Boolean).join(delimiter);
  };
  find();
  if (!isMissing()) return;
  const packages = TOOLS.map(tool => tool.package);
  await progress
    .step(`unpacking ${packages.join(', ')} into ${unpacked}`, () => unpackPackages(packages, unpacked))
    .catch(cause => progress.warn(String(cause.message)));
  find();
}
