import { spawn, spawnSync } from 'node:child_process';
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
};

export const hasWrk = () => spawnSync('wrk', ['-v']).error === undefined;

/** Loads an address for some seconds: with wrk where it is installed, else with undici in this process. */
export function load(asked: LoadRequest): Promise<Load> {
  return hasWrk() ? byWrk(asked) : byUndici(asked);
}

async function byWrk({ url, headers, connections, seconds, core }: LoadRequest): Promise<Load> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const given = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...lines, url];
  const [command, argumentsOf] = onCore(core, 'wrk', given);
  const child = spawn(command, argumentsOf, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
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

async function byUndici({ url, headers, connections, seconds }: LoadRequest): Promise<Load> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections });
  const latencies: number[] = [];
  let failures = 0;
  const end = performance.now() + seconds * 1000;
  const one = async () => {
    while (performance.now() < end) {
      const began = performance.now();
      const answer = await pool.request({ method: 'GET', path: pathname, headers });
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
