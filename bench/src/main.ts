import { spawnSync } from 'node:child_process';
import { startBackingServices } from '@rivergate/fleet/backing-services';
import { hasApt, installSystemPackages } from '@rivergate/fleet/debian';
import { progressOn } from '@rivergate/fleet/progress';
import { benchEvents } from './events.ts';
import { benchFleet } from './fleet.ts';
import { benchGateway } from './gateway.ts';
import { benchIdentity } from './identity.ts';

/** What `npm run bench -- NAME` may name; without a name all of them run. */
const BENCHES = {
  gateway: () => benchGateway(),
  identity: () => benchIdentity(),
  events: async () =>
    benchEvents({
      adminUrl: process.env.TEST_DATABASE_ADMIN_URL!,
      kafkaBrokers: (await services.kafka()).value,
    }),
  fleet: () => benchFleet(),
};

const TOOLS = [
  { command: 'nginx', package: 'nginx-light' },
  { command: 'wrk', package: 'wrk' },
];

const wanted = process.argv.slice(2).filter(word => !word.startsWith('-'));
const unknown = wanted.filter(name => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

const progress = progressOn(process.stdout, process.stderr);
await bringTools();
const services = await startBackingServices(progress);
process.once('SIGINT', () => services.stop().then(() => process.exit(130)));
Object.assign(process.env, services.environment);
let failed = false;
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
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

/** nginx to compare with and wrk to load with come from Debian where that is possible; without them a column is missing. */
async function bringTools(): Promise<void> {
  const missing = TOOLS.filter(({ command }) => spawnSync(command, ['-v']).error);
  if (missing.length === 0 || !hasApt() || process.getuid?.() !== 0) return;
  const packages = missing.map(tool => tool.package);
  await progress
    .step(`Installing ${packages.join(', ')}`, () => installSystemPackages(packages))
    .catch(cause => progress.warn(String(cause.message)));
}
