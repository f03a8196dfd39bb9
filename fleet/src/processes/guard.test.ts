import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startGuard } from './guard.ts';
import { isAlive } from './process-table.ts';

/** A process that says so when it can be stopped, and ends with its own code for each signal. */
async function sleeper(script: string) {
  const child = spawn('sh', ['-c', `${script}; echo up; while :; do sleep 0.05; done`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return { pid: child.pid!, ended: once(child, 'exit').then(([code, signal]) => code ?? signal) };
}

describe('the guard of a launcher that is gone', () => {
  it('stops each process by its signal, what others depend on last', async () => {
    const guard = startGuard();
    const order: string[] = [];
    const service = await sleeper("trap 'sleep 0.3; exit 11' TERM");
    const database = await sleeper("trap 'exit 12' INT");
    guard.watch(database.pid, 'SIGINT');
    guard.watch(service.pid, 'SIGTERM');
    const ends = [
      service.ended.then(code => order.push(`service ${code}`)),
      database.ended.then(code => order.push(`database ${code}`)),
    ];
    await guard.close();
    await Promise.all(ends);
    expect(order).toEqual(['service 11', 'database 12']);
  });

  it('leaves alone what it was told to forget', async () => {
    const guard = startGuard();
    const kept = await sleeper(':');
    guard.watch(kept.pid, 'SIGTERM');
    guard.forget(kept.pid);
    await guard.close();
    expect(isAlive(kept.pid)).toBe(true);
    process.kill(kept.pid, 'SIGKILL');
    expect(await kept.ended).toBe('SIGKILL');
  });

  it('kills what does not stop', async () => {
    const guard = startGuard();
    const stubborn = await sleeper("trap '' TERM");
    guard.watch(stubborn.pid, 'SIGTERM');
    await guard.close();
    expect(await stubborn.ended).toBe('SIGKILL');
  });
});
