import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { revokeSession } from '@rivergate/caller';
import { freePort } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { json, testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';
import { claimPort } from './claim-port.ts';
import { workerCount } from './worker-count.ts';

const main = join(import.meta.dirname, '..', 'main.ts');
const PATIENCE = { timeout: 30_000 };

type Line = Record<string, unknown>;
type Gateway = { url: string; process: ChildProcess; ended: Promise<unknown>; lines(): Line[] };

let fleet: TestFleet;
let gateway: Gateway;

beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/open', { caller: 'public' }),
    testRoute('GET', '/api/v1/counted/{id}', { caller: 'public' }),
    testRoute('GET', '/api/v1/own'),
    testRoute('GET', '/api/v1/slow'),
  ]);
  gateway = start({ PORT: String(await freePort()), OPEN_REQUESTS_PER_USER: '4', RATE_LIMIT_ADMIN: '7/60' });
  await vi.waitFor(() => expect(message('Ready', ({ workers }) => workers === 2)).toHaveLength(1), PATIENCE);
});

afterAll(async () => {
  gateway.process.kill('SIGTERM');
  await gateway.ended;
  await fleet.stop();
});

function start(env: NodeJS.ProcessEnv): Gateway {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    env: { PATH: process.env.PATH, ...fleet.env, GATEWAY_WORKERS: '2', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', chunk => {
      log += chunk;
    });
  return {
    url: `http://127.0.0.1:${env.PORT}`,
    process: child,
    ended: once(child, 'exit').then(([code]) => code),
    // Every line is whole, or this throws.
    lines: () =>
      log
        .slice(0, log.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as Line),
  };
}

const message = (msg: string, more: (line: Line) => boolean = () => true) =>
  gateway.lines().filter(line => line.msg === msg && more(line));
/** Process ids of the workers that have come up, in that order. */
const workers = () => message('Ready', ({ url }) => url !== undefined).map(({ pid }) => pid as number);
const answeredBy = (route: string) => message('Request', line => line.route === route).map(({ pid }) => pid);

/** Over a connection of its own: the system decides which worker gets it. */
const ask = (path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    get(gateway.url + path, { agent: false, headers }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', chunk => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body })).on('error', reject);
    }).on('error', reject);
  });
const times = <Result>(count: number, work: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
/** One after the other: the worker that gets them all would have to be chosen by chance each time. */
const statuses = async (count: number, path: string, headers?: Record<string, string>) => {
  const found: number[] = [];
  for (let asked = 0; asked < count; asked++) found.push((await ask(path, headers)).status);
  return found;
};

describe('the workers', () => {
  it('all answer, and whichever is asked for metrics tells those of all', async () => {
    expect(await statuses(40, '/api/v1/counted/1')).toEqual(Array(40).fill(200));
    await vi.waitFor(() => expect(answeredBy('/api/v1/counted/{id}')).toHaveLength(40));
    expect(new Set(answeredBy('/api/v1/counted/{id}'))).toEqual(new Set(workers()));
    const texts = await times(10, () => ask('/metrics'));
    for (const { body } of texts) {
      const [, count] = /^rivergate_gateway_duration_seconds_count\{.*counted.*\} (\d+)$/m.exec(body)!;
      expect(Number(count)).toBe(40);
    }
  });

  it('are ready when all have come up', async () => {
    const { status, body } = await ask('/ready');
    expect([status, JSON.parse(body).checks]).toEqual([200, { cache: true, workers: true }]);
  });

  it('refuse a session at the next request, whichever of them gets it', async () => {
    const { headers, sessionId } = await fleet.signIn();
    expect(await statuses(20, '/api/v1/own', headers)).toEqual(Array(20).fill(200));
    await vi.waitFor(() => expect(new Set(answeredBy('/api/v1/own'))).toEqual(new Set(workers())));
    await revokeSession(fleet.redis, sessionId);
    expect(await statuses(20, '/api/v1/own', headers)).toEqual(Array(20).fill(401));
  });

  it('count a rate together', async () => {
    const { headers } = await fleet.signIn({ plan: 'professional', is_admin: true });
    const answers = await statuses(30, '/api/v1/own', headers);
    expect(answers.filter(status => status === 200)).toHaveLength(7);
    expect(answers.filter(status => status === 429)).toHaveLength(23);
  });

  it('share out what each of them limits by itself', async () => {
    const { headers } = await fleet.signIn();
    const release = Promise.withResolvers<void>();
    fleet.storage.handle = (_, response) => void release.promise.then(() => json(response, 200, {}));
    const answers = times(60, async () => {
      const { status } = await ask('/api/v1/slow', headers);
      if (status === 429) refused += 1;
      return status;
    });
    let refused = 0;
    await vi.waitFor(() => expect(refused).toBe(56), { timeout: 10_000 });
    release.resolve();
    expect((await answers).filter(status => status === 200)).toHaveLength(4);
  });

  it('are replaced when one is killed, and no new connection fails meanwhile', async () => {
    const before = workers();
    const [victim] = before;
    process.kill(victim!, 'SIGKILL');
    const ended = () => message('A worker has ended; it is started again');
    await vi.waitFor(() => expect(ended()).toHaveLength(1), PATIENCE);
    expect(ended()[0]).toMatchObject({ level: 'error', worker: victim, how: 'was ended by SIGKILL' });
    const answers: number[] = [];
    await vi.waitFor(async () => {
      answers.push((await ask('/api/v1/open')).status);
      expect(workers()).toHaveLength(before.length + 1);
    }, PATIENCE);
    answers.push(...(await statuses(40, '/api/v1/open')));
    expect(new Set(answers)).toEqual(new Set([200]));
    await vi.waitFor(() => expect(answeredBy('/api/v1/open')).toContain(workers().at(-1)));
    expect((await ask('/ready')).status).toBe(200);
  });
});

describe('a stop', () => {
  it('lets every worker finish what is in flight, and ends with 0', async () => {
    const stopped = start({ PORT: String(await freePort()) });
    onTestFinished(() => void stopped.process.kill('SIGKILL'));
    await vi.waitFor(async () => expect((await fetch(`${stopped.url}/ready`)).status).toBe(200), PATIENCE);
    const { headers } = await fleet.signIn();
    const release = Promise.withResolvers<void>();
    fleet.storage.received.length = 0;
    fleet.storage.handle = (_, response) =>
      void release.promise.then(() => json(response, 200, { done: true }));
    const inFlight = times(20, () => fetch(`${stopped.url}/api/v1/slow`, { headers }));
    await vi.waitFor(() => expect(fleet.storage.received).toHaveLength(20), PATIENCE);
    stopped.process.kill('SIGTERM');
    await vi.waitFor(() => expect(fetch(`${stopped.url}/health`)).rejects.toThrow(), PATIENCE);
    release.resolve();
    for (const answer of await inFlight) expect(await answer.json()).toEqual({ done: true });
    expect(await stopped.ended).toBe(0);
    const requests = stopped.lines().filter(({ route }) => route === '/api/v1/slow');
    expect(requests).toHaveLength(20);
    expect(new Set(requests.map(({ pid }) => pid)).size).toBe(2);
  });

  it('is what the workers do by themselves when the primary is killed', async () => {
    const orphaned = start({ PORT: String(await freePort()) });
    await vi.waitFor(async () => expect((await fetch(`${orphaned.url}/ready`)).status).toBe(200), PATIENCE);
    orphaned.process.kill('SIGKILL');
    await vi.waitFor(() => expect(fetch(`${orphaned.url}/health`)).rejects.toThrow(), PATIENCE);
  });
});

describe('the start', () => {
  const failure = async (env: NodeJS.ProcessEnv) => {
    const refused = start(env);
    expect(await refused.ended).toBe(1);
    const failures = refused.lines().filter(({ msg }) => msg === 'Could not boot');
    return failures.map(({ err }) => (err as Error).message).join('\n');
  };

  it('is refused where another program listens', async () => {
    const other = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    expect(await failure({ PORT: String(port) })).toContain('EADDRINUSE');
  });

  it('is refused when no worker can boot', async () => {
    expect(await failure({ PORT: '0', TRUST_PROXY: 'nonsense' })).toContain('A worker ended with 1');
  });

  it('is refused with a count that means nothing', async () => {
    expect(await failure({ GATEWAY_WORKERS: 'many' })).toContain('GATEWAY_WORKERS');
    for (const wrong of ['0', '-1', '1.5', '65', '1e1', ' ', 'AUTO'])
      expect(() => workerCount(wrong)).toThrow();
    expect([workerCount(undefined), workerCount(''), workerCount('3')]).toEqual([1, 1, 3]);
    expect(workerCount('auto')).toBeGreaterThan(0);
  });

  it('is refused on a system that cannot share a port, with what to do', async () => {
    const listen = async ({ reusePort, port }: { reusePort?: boolean; port?: number }) => {
      if (reusePort) throw Object.assign(new Error('listen ENOTSUP'), { code: 'ENOTSUP' });
      return port!;
    };
    await expect(claimPort('127.0.0.1', 8080, listen)).rejects.toThrow(/GATEWAY_WORKERS.*set it to 1/s);
  });
});
