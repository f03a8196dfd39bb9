import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clone } from './launch/roster.ts';

// In a clone in which nothing is installed, with no npm to install it with.
let fresh: string;
const commands = Object.entries(
  (JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
    .scripts,
).filter(([, command]) => command.includes('fleet/bootstrap.mjs'));

beforeEach(() => {
  fresh = mkdtempSync(join(tmpdir(), 'rivergate-clone-'));
  for (const name of ['bootstrap.mjs', 'command-line.mjs']) {
    cpSync(join(clone, 'fleet', name), join(fresh, 'fleet', name));
  }
  mkdirSync(join(fresh, 'libs', 'secrets'), { recursive: true });
  writeFileSync(join(fresh, 'libs', 'secrets', 'secrets.test.ts'), '');
});

afterEach(() => rmSync(fresh, { recursive: true }));

function command(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(fresh, 'fleet', 'bootstrap.mjs'), ...args],
    { encoding: 'utf8', env: { PATH: '' } },
  );
  return { status, output: stdout + stderr, left: readdirSync(fresh).toSorted() };
}

describe('a command in a clone where nothing is installed', () => {
  it.each(commands)('npm run %s -- --help answers and installs nothing', (name, script) => {
    expect(script).toBe(`exec node fleet/bootstrap.mjs ${name}`);
    const { status, output, left } = command(name, '--help');
    expect(output).toMatch(new RegExp(`npm (run )?${name}`));
    expect([status, left]).toEqual([0, ['fleet', 'libs']]);
  });

  it.each([
    [['test', 'libs/secret', 'libs/no-such'], 'libs/no-such'],
    [['test', 'libs/secrets/secrets.test.js'], 'libs/secrets/secrets.test.js'],
    [['test:watch', '../libs/secrets'], '../libs/secrets'],
  ])('npm run %j is refused at once, since no test matches', (args, unknown) => {
    const { status, output, left } = command(...args);
    expect(output).toContain(`No test matches ${unknown}.`);
    expect([status, left]).toEqual([1, ['fleet', 'libs']]);
  });

  it.each([
    [['test', '--with', 'kerberos'], 'kerberos'],
    [['test:watch', 'libs/secrets', '--with', 'keycloak', '--with', 'x'], 'x'],
    [['test', 'libs/secrets', '--with'], ''],
  ])('npm run %j is refused at once, since there is no such stage', (args, unknown) => {
    const { status, output, left } = command(...args);
    expect(output).toContain(`No stage of the tests is called "${unknown}".`);
    expect([status, left]).toEqual([1, ['fleet', 'libs']]);
  });

  it.each([
    [['test', '--with', 'keycloak', 'libs/secrets', '-t', 'x']],
    [['test', 'libs/secrets', '--with', 'keycloak']],
    [['test', './libs/secrets/', '-t', 'no/such/name']],
    [['test', 'secrets.test.ts']],
    [['test', 'libs/secrets/secrets.test.ts:12']],
  ])('npm run %j goes on, since a test does', args => {
    expect(command(...args).output).not.toMatch(/No test matches|No stage/);
  });
});
