import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasApt, installSystemPackages, libraryPath, run, unpackPackages } from './debian.ts';
import { isExecutable, onPath } from './executable.ts';

const OLDEST: readonly [number, number] = [6, 2];

export type RedisBinary = { command: string; title: string; env: NodeJS.ProcessEnv };
export type Step = <T>(title: string, work: () => Promise<T>) => Promise<T>;

/**
 * redis-server or valkey-server: the one on the PATH, the one unpacked earlier, else installed now the way this
 * machine allows. `tools` is the directory of the clone that holds what was installed for it.
 */
export async function redisBinary(tools: string, step: Step): Promise<RedisBinary> {
  const unpacked = join(tools, 'redis');
  const found = existing(unpacked);
  if (found) return found;
  const attempts: string[] = [];
  for (const { title, possible, install } of waysToInstall(unpacked)) {
    if (!possible()) continue;
    try {
      await step(title, install);
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

function waysToInstall(unpacked: string) {
  const isLinux = process.platform === 'linux';
  return [
    {
      title: 'installing Redis (apt-get install redis-server)',
      possible: () => isLinux && hasApt() && process.getuid?.() === 0,
      install: async () => {
        await installSystemPackages(['redis-server']);
        // The package starts a server of its own where there is systemd. Nobody asked for that one.
        if (existsSync('/run/systemd/system')) await run('systemctl', ['disable', '--now', 'redis-server']);
      },
    },
    {
      title: `unpacking Redis into ${unpacked} (apt-get download redis-server)`,
      possible: () => isLinux && hasApt(),
      install: async () => {
        rmSync(unpacked, { recursive: true, force: true });
        await unpackPackages(['redis-server'], unpacked);
      },
    },
    {
      title: 'installing Redis (brew install redis)',
      possible: () => process.platform === 'darwin' && Boolean(onPath('brew')),
      install: async () => {
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
