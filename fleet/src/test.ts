import { rmSync } from 'node:fs';
import { check, report } from './check/check.ts';
import { progressOn } from './console/progress.ts';
import { EXERCISED_FILE, exercisedEndpoints } from './coverage/exercised.ts';
import { unexercised } from './coverage/unexercised.ts';
import { startBackingServices } from './test-run/backing-services.ts';
import { interruption } from './test-run/interruption.ts';
import { type Counts, runTests } from './test-run/vitest.ts';

// `npm test` is everything: the check and all tests. `npm test -- libs/events` is that part of the tests.
const args = process.argv.slice(2);
const progress = progressOn(process.stdout);
const interrupted = interruption();

// A run of all tests records afresh which endpoints are tested; a run of some adds to that.
if (args.length === 0) rmSync(EXERCISED_FILE, { force: true });

const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
try {
  const checking = args.length === 0 ? check() : Promise.resolve([]);
  const services = await startBackingServices(progress);
  try {
    const findings = await checking;
    report(findings, text => process.stdout.write(text));
    for (const { passed } of findings) counts[passed ? 'passed' : 'failed'] += 1;
    if (!interrupted.aborted) add(await runTests({ args, services, signal: interrupted }));
    if (args.length === 0 && !interrupted.aborted) tellUnexercised();
    tellMissing(services.missing);
  } finally {
    await services.stop();
  }
} catch (error) {
  progress.fail((error as Error).message);
  counts.failed += 1;
}
if (interrupted.aborted) {
  progress.warn('interrupted: this is not the whole result');
  counts.failed = Math.max(counts.failed, 1);
}
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);

function add(more: Counts) {
  counts.passed += more.passed;
  counts.failed += more.failed;
  counts.skipped += more.skipped;
}

/** An endpoint without a test that it answers is a failure of the whole run. */
function tellUnexercised() {
  for (const endpoint of unexercised(exercisedEndpoints())) {
    progress.fail(`no test has brought ${endpoint} to a success`);
    counts.failed += 1;
  }
}

/** Said at the end, where it is seen. */
function tellMissing(missing: string[]) {
  for (const what of missing) progress.warn(`SKIPPED, for want of a ${what}`);
  // Where everything must be there (CI), its absence is a failure and not an excuse.
  if (missing.length > 0 && process.env.REQUIRE_ALL_SUITES)
    throw new Error('REQUIRE_ALL_SUITES is set and suites would be skipped');
}
