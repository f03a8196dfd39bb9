import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentFile, generateSecrets } from './src/environment.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'src', 'generate-env.ts');
const generate = (...args: string[]) =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args]);

describe('generate-env', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rivergate-env-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('writes a file that only its owner reads', async () => {
    const file = join(directory, 'fresh.env');
    await generate(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const names = [...(await readFile(file, 'utf8')).matchAll(/^(\w+)=\S+$/gm)].map(match => match[1]);
    expect(names).toEqual(Object.keys(generateSecrets()));
  });

  it('never replaces a file', async () => {
    const file = join(directory, 'kept.env');
    await writeFile(file, 'POSTGRES_PASSWORD=kept\n');
    await expect(generate(file)).rejects.toMatchObject({ code: 1 });
    expect(await readFile(file, 'utf8')).toBe('POSTGRES_PASSWORD=kept\n');
  });

  it('prints where it may not write', async () => {
    const { stdout } = await generate('--print');
    expect(stdout).toMatch(/^ENCRYPTION_KEY=\S{44}$/m);
  });

  it('draws every secret anew, of characters that neither a URL nor Docker reads as anything else', () => {
    const first = generateSecrets();
    const second = generateSecrets();
    for (const [name, value] of Object.entries(first)) {
      expect(second[name], name).not.toBe(value);
      expect(value, name).toMatch(name === 'ENCRYPTION_KEY' ? /^[\w+/]+=$/ : /^[\w-]{22,}$/);
    }
    expect(environmentFile(first)).not.toMatch(/['"$\s]\n/);
  });
});
