import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { ANSWERED, type Answered } from '@rivergate/endpoint/answered';
import { afterEach, beforeEach } from 'vitest';

// Runs before every test file, and loads nothing of the services itself. A 500 tells its caller nothing; a test that
// fails beside one has its cause in the failure message.

/** So many of a test that asks again and again. */
const MOST = 5;

let causes = new Set<string>();

const note = (message: unknown) => {
  const { spec, status, cause } = message as Answered;
  if (status === 500 && causes.size < MOST)
    causes.add(`${spec.method.toUpperCase()} ${spec.path}: ${inspect(cause, { depth: 4 })}`);
};

beforeEach(() => {
  causes = new Set();
  subscribe(ANSWERED, note);
});

afterEach(({ task }) => {
  unsubscribe(ANSWERED, note);
  if (causes.size === 0) return;
  for (const error of task.result?.errors ?? [])
    error.message += `\n\nAnswered with 500 during this test:\n${[...causes].join('\n')}`;
});
