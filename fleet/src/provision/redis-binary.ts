import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import { hasApt, libraryPath, run, unpackPackages } from './debian.ts';
import { isExecutable, onPath } from './executable.ts';
import { announceSystemChange } from './system-change.ts';

const OLDEST: readonly [number, number] = [6, 2];

export type RedisBinary = { command: string; title: string; env: NodeJS.ProcessEnv };

/**
 * redis-server or valkey-server: the one on the PATH, the one unpacked earlier, else installed now the way this
 * machine allows. `tools` is the directory of the clone that holds what was installed for it.
 */
export async function redisBinary(tools: string, progress: Progress): Promise<RedisBinary> {
  const unpacked = join(tools, 'redis');
  const found = existing(unpacked);
  if (found) return found;
  const attempts: string[] = [];
  for (const { title, possible, install } of waysToInstall(unpacked, progress)) {
    if (!possible()) continue;
    try {
      await progress.step(title, install);
    } catch (error) {
      attempts.push((error as Error).message);
      continue;
    }
    const installed = existing(unpacked);
    if (installed) return installed;
    attempts.push(`${title}: done, but no redis-server ${OLDEST.join('.')} or newer came of it.`);
  }
  throw new Error(advice(attempts));
}

function existing(unpacked: string): RedisBinary | undefined {
  const candidates: { command: string | undefined; env: NodeJS.ProcessEnv }[] = [
    { command: onPath('redis-server'), env: {} },
    { command: onPath('valkey-server'), env: {} },
    ...['redis-server', 'valkey-server'].map(name => ({
      command: join(unpacked, 'root', 'usr', 'bin', name),
      env: existsSync(unpacked) ? { LD_LIBRARY_PATH: libraryPath(unpacked) } : {},
    })),
    ...['/opt/homebrew/bin/redis-server', '/usr/local/bin/redis-server'].map(command => ({
      command,
      env: {},
    })),
  ];
  for (const { command, env } of candidates) {
    if (!command || !isExecutable(command)) continue;
    const { stdout } = spawnSync(command, ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    const [, major = '0', minor = '0', patch = '0'] = /v=(\d+)\.(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
    if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1])) continue;
    return {
      command,
      env,
      title: `${/valkey/i.test(stdout) ? 'Valkey' : 'Redis'} ${major}.${minor}.${patch}`,
    };
  }
  return undefined;
}

function waysToInstall(unpacked: string, progress: Progress) {
  return [
    {
      title: `unpacking Redis into ${unpacked} (apt-get download redis-server)`,
      possible: () => process.platform === 'linux' && hasApt(),
      install: () => unpackPackages(['redis-server'], unpacked),
    },
    {
      title: 'installing Redis (brew install redis)',
      possible: () => process.platform === 'darwin' && Boolean(onPath('brew')),
      install: async () => {
        announceSystemChange(progress, 'brew install redis', 'Set REDIS_URL to a Redis that runs already.');
        const { status, output } = await run('brew', ['install', 'redis']);
        if (status !== 0)
          throw new Error(`brew install redis failed:\n${output.trim().split('\n').slice(-8).join('\n')}`);
      },
    },
  ];
}

function advice(attempts: string[]): string {
  return [
    `Rivergate needs redis-server or valkey-server, ${OLDEST.join('.')} or newer, and could not find or install one here.`,
    ...attempts.map(attempt => `  ${attempt}`),
    '  Any one of these helps; then start again:',
    '    Debian, Ubuntu   sudo apt-get install redis-server',
    '    Fedora, RHEL     sudo dnf install valkey      (or redis)',
    '    Alpine           sudo apk add redis',
    '    Arch             sudo pacman -S valkey',
    '    macOS            brew install redis           (https://brew.sh)',
    '    anywhere         put a redis-server on the PATH, or set REDIS_URL to a Redis that runs already',
  ].join('\n');
}
