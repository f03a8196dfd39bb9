import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './fleet/src/test-run/long-first.ts';

const include = ['{libs,services,gateway,fleet,bench,deploy,docs}/**/*.test.ts'];
const exclude = ['**/node_modules/**', '**/.fleet/**', '**/.test/**', '**/.tools/**'];

/** A module that was loaded before cannot be replaced: what replaces one gets a process to itself. */
const replacing = globSync(include, {
  exclude: path => path === 'node_modules' || path.startsWith('.'),
}).filter(file => readFileSync(file, 'utf8').includes('vi.mock('));

export default defineConfig({
  test: {
    setupFiles: ['libs/testing/src/show-causes.ts'],
    environment: 'node',
    pool: 'forks',
    // Each worker brings its own services; more of them than cores only make each other late.
    maxWorkers: 2,
    // Generous: what is tested is whether, not how fast, and the machine may be busy.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    sequence: { sequencer: LongFirst },
    projects: [
      // One process runs many files, and loads and compiles what they share once.
      {
        extends: true,
        test: { name: 'shared', include, exclude: [...exclude, ...replacing], isolate: false },
      },
      { extends: true, test: { name: 'alone', include: replacing, exclude } },
    ],
  },
});
