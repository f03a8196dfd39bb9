import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXERCISED_FILE } from '../coverage/exercised.ts';
import { clone } from '../launch/roster.ts';
import type { TestGround } from './ground.ts';

export type Counts = { passed: number; failed: number; skipped: number };

/** Variables of a fleet that a developer may have set for `npm start`: no test may see those. */
const OF_A_FLEET =
  /^(PORT|HOST|PUBLIC_URL|DATABASE_|REDIS_URL|KAFKA_BROKERS|EVENT_LOG_URL|SMTP_URL|MAIL_FROM|MAILBOX_URL|ENCRYPTION_KEY|INTERNAL_|LOG_LEVEL|OTEL_|RATE_LIMIT_|TRUST_PROXY|METRICS_TOKEN|npm_|INIT_CWD|[A-Z_]+_URL$)/;

/** Runs vitest over the workspace, or over what `args` choose of it. Resolves with what it counted. */
export async function runVitest(args: string[], ground: TestGround, signal: AbortSignal): Promise<Counts> {
  const result = join(ground.directory, 'vitest.json');
  const vitest = join(clone, 'node_modules', 'vitest', 'vitest.mjs');
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('TEST_') || !OF_A_FLEET.test(name)),
  );
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${result}`];
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
    cwd: clone,
    env: { ...inherited, NODE_ENV: 'test', EXERCISED_ENDPOINTS: EXERCISED_FILE, ...ground.environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (child.pid) ground.guard.watch(child.pid, 'SIGTERM');
  const giveUp = () => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
  };
  signal.addEventListener('abort', giveUp);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', status => resolve(status ?? 1));
  });
  if (child.pid) ground.guard.forget(child.pid);
  return counted(result, code);
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
