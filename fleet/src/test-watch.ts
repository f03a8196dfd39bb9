import { progressOn } from './console/progress.ts';
import { startBackingServices } from './test-run/backing-services.ts';
import { interruption } from './test-run/interruption.ts';
import { watchTests } from './test-run/vitest.ts';

// `npm run test:watch -- libs/events`: the stores stay up from one run of the tests to the next.
const progress = progressOn(process.stdout);
const signal = interruption();
try {
  const services = await startBackingServices(progress);
  await watchTests({ args: process.argv.slice(2), services, signal }).finally(() => services.stop());
} catch (error) {
  progress.fail((error as Error).message);
  process.exit(1);
}
process.exit(0);
