import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXERCISED_FILE } from '../coverage/exercised.ts';
import { clone } from '../launch/roster.ts';
import type { BackingServices } from './backing-services.ts';

export type Counts = { passed: number; failed: number; skipped: number };

/** Variables of a fleet that a developer may have set for `npm start`: no test may see those. */
const OF_A_FLEET =
  /^(PORT|HOST|PUBLIC_URL|DATABASE_|REDIS_URL|KAFKA_BROKERS|EVENT_LOG_URL|SMTP_URL|MAIL_FROM|MAILBOX_URL|ENCRYPTION_KEY|INTERNAL_|LOG_LEVEL|OTEL_|RATE_LIMIT_|OUTBOUND_|SOCIAL_|GATEWAY_|TRUST_PROXY|METRICS_TOKEN|WEBAUTHN_|npm_|INIT_CWD|[A-Z_]+_URL$)/;

export type TestRun = {
  /** Paths that choose test files, then options of vitest; all tests where it is empty. */
  args: string[];
  services: BackingServices;
  /** Ends it early. */
  signal: AbortSignal;
};

/** Runs vitest once. Resolves with what it counted. */
export async function runTests(run: TestRun): Promise<Counts> {
  const result = join(run.services.directory, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${result}`];
  return counted(result, await vitest(['run', ...reporters], 'ignore', run));
}

/** Runs vitest until it is ended, over the chosen tests and again over those that a saved file concerns. */
export async function watchTests(run: TestRun): Promise<void> {
  await vitest(['watch'], 'inherit', run);
}

async function vitest(
  mode: string[],
  input: 'ignore' | 'inherit',
  { args, services, signal }: TestRun,
): Promise<number> {
  const main = join(clone, 'node_modules', 'vitest', 'vitest.mjs');
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('TEST_') || !OF_A_FLEET.test(name)),
  );
  const child = spawn(process.execPath, [main, ...mode, ...args], {
    cwd: clone,
    env: { ...inherited, NODE_ENV: 'test', EXERCISED_ENDPOINTS: EXERCISED_FILE, ...services.environment },
    stdio: [input, 'inherit', 'inherit'],
  });
  if (child.pid) services.guard.watch(child.pid, 'SIGTERM');
  const giveUp = () => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
  };
  signal.addEventListener('abort', giveUp);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', status => resolve(status ?? 1));
  });
  if (child.pid) services.guard.forget(child.pid);
  return code;
}

/** An end with an error that no test accounts for (a file that does not load, an unhandled rejection) is a failure. */
function counted(file: string, code: number): Counts {
  const counts = existsSync(file) ? read(file) : { passed: 0, failed: 0, skipped: 0 };
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function read(file: string): Counts {
  const result = JSON.parse(readFileSync(file, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    testResults: { status: string; assertionResults: { status: string }[] }[];
  };
  const unloadable = result.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some(one => one.status === 'failed'),
  );
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + unloadable.length,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
