import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';

const clone = resolve(import.meta.dirname, '..', '..');
const textOf = (file: string) => readFileSync(join(clone, file), 'utf8');
const readme = textOf('README.md');

/** What stands between fences, with the word behind the opening one. */
const blocks = [...readme.matchAll(/^```(\S+)(?: file=(\S+))?\n(.*?)^```$/gms)].map(match => ({
  language: match[1]!,
  file: match[2],
  text: match[3]!,
}));
const tour = blocks.flatMap(({ language, text }, index) => {
  if (language !== 'bash') return [];
  const next = blocks[index + 1];
  return [{ commands: text, shown: next?.language === 'text' ? next.text : '' }];
});
const SEPARATOR = '--- the next block of the tour ---';

describe('the tour in the README', () => {
  let fleet: AcceptanceFleet;
  beforeAll(async () => {
    // With the limits that a fresh fleet has: the tour must fit them.
    fleet = await startFleet();
  });
  afterAll(() => fleet?.stop());

  it('prints what it shows', async () => {
    expect(tour.length).toBeGreaterThan(7);
    const script = tour.map(({ commands }) => `${commands}\necho '${SEPARATOR}'\n`).join('');
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, RIVERGATE: fleet.url },
      timeout: 50_000,
    }).catch(failure => {
      throw new Error(`The tour stopped.\nPrinted so far:\n${failure.stdout}\nErrors:\n${failure.stderr}`);
    });
    const printed = stdout.split(`${SEPARATOR}\n`);
    tour.forEach(({ commands, shown }, index) => {
      expect(printed[index], commands).toBe(shown);
    });
  });
});

describe('the README', () => {
  it('quotes files as they are', () => {
    const quoted = blocks.filter(({ file }) => file);
    expect(quoted.length).toBeGreaterThan(5);
    for (const { file, text } of quoted) {
      expect(textOf(file!).includes(text.trimEnd()), `${file} reads differently now:\n${text}`).toBe(true);
    }
  });

  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(textOf('package.json'));
    for (const [, name] of readme.matchAll(/\bnpm run ([\w:-]+)/g))
      expect(Object.keys(scripts)).toContain(name);
  });
});

describe('the documents', () => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'docs/architecture.md',
    'docs/operations.md',
  ];
  it.each(documents)('%s links to what is there', document => {
    for (const [, target = ''] of textOf(document).matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)/g)) {
      expect(existsSync(join(clone, dirname(document), target)), target).toBe(true);
    }
  });
});
