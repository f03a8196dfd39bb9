import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { clone } from '../launch/roster.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const CHOSEN = 'fleet/src/launch/options.test.ts';

it('npm run test:watch runs a file again when it is saved, on stores that stay up, without what it does not need', async () => {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [join(clone, 'fleet', 'bootstrap.mjs'), 'test:watch', CHOSEN], {
    env: { PATH, HOME, NODE_COMPILE_CACHE, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk;
    });
  }
  const times = (text: RegExp) => [...output.matchAll(text)].length;
  await vi.waitFor(() => expect(times(/Tests +\d+ passed/g), output).toBe(1), WAIT);
  utimesSync(join(clone, CHOSEN), new Date(), new Date());
  await vi.waitFor(() => expect(times(/Tests +\d+ passed/g), output).toBe(2), WAIT);
  child.kill('SIGTERM');
  await ended;
  expect(times(/✓ PostgreSQL/g), output).toBe(1);
  expect(output).not.toMatch(/Kafka|Chromium/);
});
