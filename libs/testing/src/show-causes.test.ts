import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const config = join(import.meta.dirname, 'fixtures/vitest.config.ts');

it('a test that fails beside a 500 has its cause in the failure message', async () => {
  const run = promisify(execFile)(process.execPath, [vitest, 'run', '--config', config], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  });
  const { stdout, stderr } = await run.then(
    () => ({ stdout: '', stderr: 'The fixture did not fail' }),
    (failure: { stdout: string; stderr: string }) => failure,
  );
  const output = stdout + stderr;
  expect(output).toContain('1 failed | 1 passed');
  expect(output).toContain('expected 500 to be 200');
  expect(output).toMatch(/GET \/notes: Error: relation "notes" does not exist[\s\S]*and why/);
  expect(output).not.toContain('the cause of another test');
});
