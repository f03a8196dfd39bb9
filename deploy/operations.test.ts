import { globSync } from 'node:fs';
import { join } from 'node:path';
import { RATE_LIMITS } from '@rivergate/caller';
import { DATABASE_ROLES, SERVICES, urlVariable } from '@rivergate/service';
import { describe, expect, it } from 'vitest';
import { generateSecrets, passwordVariable } from './src/environment.ts';
import { textOf } from './src/testing/clone.ts';

const operations = textOf('docs/operations.md');
const root = join(import.meta.dirname, '..');

/** Set by the launcher for its own processes, by Node or by the shell; nobody's to choose. */
const OWN = new Set([
  'PATH',
  'SMTP_PORT',
  'MAILBOX_DIRECTORY',
  'NODE_COMPILE_CACHE',
  'CRASH_AT',
  'CRASH_AFTER',
]);

/** The variables that a source file reads: from `env`, or by a schema of it. */
function readsOf(source: string): string[] {
  const forms = [
    /\benv(?:ironment)?\??\.([A-Z][A-Z0-9_]+)\b/g,
    /^ +([A-Z][A-Z0-9_]+): (?:z\b|seconds\(|Port\b)/gm,
    /\(env, '([A-Z][A-Z0-9_]+)'\)/g,
  ];
  return forms.flatMap(form => [...source.matchAll(form)].map(match => match[1]!));
}

describe('docs/operations.md', () => {
  it('names every variable that the code reads', () => {
    const files = globSync('{gateway,services/*,libs/*,deploy}/src/**/*.ts', {
      cwd: root,
      exclude: path => /node_modules|testing|crash/.test(path) || path.endsWith('.test.ts'),
    });
    const read = new Set(files.flatMap(file => readsOf(textOf(file))).filter(name => !OWN.has(name)));
    expect(read.size).toBeGreaterThan(25);
    const missing = [...read].filter(
      name => !name.startsWith('TEST_') && !operations.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });

  it('gives the rate limits as they are', () => {
    const wrong = Object.entries(RATE_LIMITS)
      .map(
        ([name, { count, seconds }]) => `| \`RATE_LIMIT_${name.toUpperCase()}\` | \`${count}/${seconds}\` |`,
      )
      .filter(row => !operations.includes(row));
    expect(wrong).toEqual([]);
  });

  it('names the address of every service', () => {
    const missing = SERVICES.map(({ name }) => urlVariable(name)).filter(
      name => !operations.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });

  it('explains what a generated secret is for', () => {
    const explained = new Set([
      'POSTGRES_PASSWORD',
      'MINIO_ROOT_PASSWORD',
      'KAFKA_CLUSTER_ID',
      'REDIS_PASSWORD',
      ...DATABASE_ROLES.map(({ role }) => passwordVariable(role)),
    ]);
    const missing = Object.keys(generateSecrets()).filter(
      name => !explained.has(name) && !name.endsWith('_INTERNAL_KEY') && !operations.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});
