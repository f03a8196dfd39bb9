import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silence } from '../console/progress.ts';
import { installSystemPackages } from './debian.ts';

let directory: string;
let mark: string;
let told: string[];
const progress = { ...silence, warn: (text: string) => void told.push(`${text} (${existsSync(mark)})`) };

/** An apt-get that only leaves a mark. */
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rivergate-system-'));
  mark = join(directory, 'installed');
  told = [];
  const apt = join(directory, 'bin', 'apt-get');
  mkdirSync(join(directory, 'bin'));
  writeFileSync(apt, `#!/bin/sh\necho "$*" > '${mark}'\n`);
  chmodSync(apt, 0o755);
  vi.stubEnv('PATH', `${join(directory, 'bin')}:${process.env.PATH}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

describe('a change of the machine outside the clone', () => {
  it('is said before it is done', async () => {
    await installSystemPackages(['maven'], 'Set KAFKA_BROKERS.', progress);
    expect(told).toEqual(['this changes the machine outside the clone: apt-get install maven (false)']);
    expect(existsSync(mark)).toBe(true);
  });

  it('is not done where RIVERGATE_NO_SYSTEM_CHANGES refuses it, and what helps instead is said', async () => {
    vi.stubEnv('RIVERGATE_NO_SYSTEM_CHANGES', '1');
    await expect(installSystemPackages(['maven'], 'Set KAFKA_BROKERS.', progress)).rejects.toThrow(
      /apt-get install maven\nSet KAFKA_BROKERS\./,
    );
    expect(existsSync(mark)).toBe(false);
  });
});
