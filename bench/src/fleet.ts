import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryOf, withDescendants } from '@rivergate/fleet/memory';
import { freePort } from '@rivergate/testing';

/** Milliseconds that the fleet is left alone before its memory is read. */
const REST = 5_000;

/**
 * Time from `npm start` to a ready fleet, on an empty data directory and again on the one that it left, beside the
 * time of an empty Node process in the same run; and the memory of the idle fleet.
 */
export async function benchFleet({
  print = console.log,
}: {
  print?: (line: string) => void;
} = {}): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rivergate-bench-'));
  try {
    const node = await emptyNode();
    const first = await startOnce(directory);
    await first.stop();
    const second = await startOnce(directory);
    await new Promise(resolve => setTimeout(resolve, REST));
    const processes = withDescendants(second.pid);
    const memory = memoryOf(processes);
    await second.stop();
    print('npm start                          seconds   empty Node processes');
    for (const [name, { milliseconds }] of Object.entries({ first, second })) {
      const seconds = (milliseconds / 1000).toFixed(1);
      print(
        `  ${`${name} start to ready`.padEnd(30)}${seconds.padStart(10)}${(milliseconds / node).toFixed(0).padStart(23)}`,
      );
    }
    const mebibytes =
      memory === undefined ? 'not told by this system' : `${(memory / 1024 ** 2).toFixed(0)} MiB`;
    print(`  memory of the idle fleet: ${mebibytes}, in ${processes.length} processes`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startOnce(directory: string) {
  const port = await freePort();
  const began = performance.now();
  const child = spawn('npm', ['start', '--', '--data-dir', directory, '--port', String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await ready(child, `http://127.0.0.1:${port}`);
  return {
    milliseconds: performance.now() - began,
    pid: child.pid!,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(`${url}/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error(`npm start ended with ${child.exitCode}`);
}

/** Milliseconds that this machine takes just now to start and end Node. */
async function emptyNode(): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    await once(spawn(process.execPath, ['-e', '']), 'exit');
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[2]!;
}
