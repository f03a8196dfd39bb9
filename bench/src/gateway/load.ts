import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CREDENTIAL_HEADER } from '@rivergate/caller';
import { Pool } from 'undici';
import { onCore } from './process.ts';

/** Latencies in milliseconds. `failures` are answers other than 2xx and broken connections. */
export type Load = { perSecond: number; p50: number; p99: number; failures: number };

export type LoadRequest = {
  url: string;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
  core: number | null;
  /** Internal credentials, one for each request; when they have run out, requests go without and fail. */
  credentials?: readonly string[] | null;
};

export const hasWrk = () => spawnSync('wrk', ['-v']).error === undefined;

/** Loads an address for some seconds: with wrk where it is installed, else with undici in this process. */
export function load(asked: LoadRequest): Promise<Load> {
  return hasWrk() ? byWrk(asked) : byUndici(asked);
}

async function byWrk({ url, headers, connections, seconds, core, credentials }: LoadRequest): Promise<Load> {
  const script = credentials ? credentialScript(credentials) : null;
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const given = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    ...lines,
    ...(script?.options ?? []),
    url,
    ...(script?.given ?? []),
  ];
  const [command, argumentsOf] = onCore(core, 'wrk', given);
  const child = spawn(command, argumentsOf, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  script?.remove();
  const milliseconds = (label: string) => {
    const [, value = '', unit = ''] = new RegExp(`${label}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
    return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN);
  };
  const count = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const broken =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  return {
    perSecond: count(/Requests\/sec:\s+([\d.]+)/),
    p50: milliseconds('50'),
    p99: milliseconds('99'),
    failures: count(/Non-2xx or 3xx responses: (\d+)/) + broken.reduce((sum, one) => sum + Number(one), 0),
  };
}

/** What makes wrk send each request with a credential of its own. */
function credentialScript(credentials: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'rivergate-credentials-'));
  const file = join(folder, 'credentials');
  writeFileSync(file, `${credentials.join('\n')}\n`, { mode: 0o600 });
  return {
    options: ['-s', join(import.meta.dirname, 'credentials.lua')],
    given: ['--', file],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function byUndici({ url, headers, connections, seconds, credentials }: LoadRequest): Promise<Load> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections });
  const latencies: number[] = [];
  let failures = 0;
  let used = 0;
  const next = () => (credentials ? { ...headers, [CREDENTIAL_HEADER]: credentials[used++] } : headers);
  const end = performance.now() + seconds * 1000;
  const one = async () => {
    while (performance.now() < end) {
      const began = performance.now();
      const answer = await pool.request({ method: 'GET', path: pathname, headers: next() });
      await answer.body.dump();
      latencies.push(performance.now() - began);
      if (answer.statusCode >= 300) failures += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  await pool.close();
  latencies.sort((left, right) => left - right);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return { perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99), failures };
}
