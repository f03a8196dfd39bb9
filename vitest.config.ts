import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{libs,services,gateway,fleet,bench,deploy,docs}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.fleet/**', '**/.test/**', '**/.tools/**'],
    setupFiles: ['libs/testing/src/show-causes.ts'],
    environment: 'node',
    pool: 'forks',
    // Each worker brings its own services; more of them than cores only make each other late.
    maxWorkers: 2,
    // Generous: what is tested is whether, not how fast, and the machine may be busy.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
  },
});
