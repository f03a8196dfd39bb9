import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { json, testRoute } from './testing/stand-in.ts';
import { startTestFleet, type TestFleet } from './testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/slow', { caller: 'public' }),
    testRoute('GET', '/api/v1/things'),
    testRoute('GET', '/api/v1/live', { caller: 'public', upgrade: 'websocket' }),
  ]);
});

afterAll(() => fleet.stop());

describe('the process', () => {
  it('drops no request in flight when it is told to stop, closes WebSockets, and ends with 0', async () => {
    const port = await freePort();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      env: { PATH: process.env.PATH, ...fleet.env, PORT: String(port), LOG_LEVEL: 'info' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // One that is left behind would keep the whole run waiting for its output to end.
    onTestFinished(() => void child.kill('SIGKILL'));
    let log = '';
    child.stdout.on('data', chunk => {
      log += chunk;
    });
    const ended = new Promise(resolve => child.once('exit', resolve));
    const url = `http://127.0.0.1:${port}`;
    await vi.waitFor(async () => expect((await fetch(`${url}/ready`)).status).toBe(200), { timeout: 30_000 });

    const { userId, sessionId, organizationId } = await fleet.signIn();
    const administrator = await fleet.signIn({ organizationId, is_admin: true });
    const claims = { sub: String(userId), sid: sessionId, org_id: organizationId };
    const token = await fleet.token({ ...claims, act: { sub: String(administrator.userId) } });
    await fetch(`${url}/api/v1/things`, { headers: { authorization: `Bearer ${token}` } });
    fleet.storage.received.length = 0;

    const release = Promise.withResolvers<void>();
    fleet.storage.handle = (_, response) =>
      void release.promise.then(() => json(response, 200, { done: true }));
    fleet.storage.upgrade = (_, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    };
    const inFlight = Array.from({ length: 20 }, (_, index) =>
      fetch(`${url}/api/v1/slow?secret-in-query=${index}`),
    );
    const live = connect(port, '127.0.0.1');
    live.write('GET /api/v1/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await new Promise(resolve => live.once('data', resolve));
    await vi.waitFor(() => expect(fleet.storage.received).toHaveLength(21));

    const closed = new Promise(resolve => live.once('close', resolve));
    child.kill('SIGTERM');
    await closed;
    await vi.waitFor(() => expect(fetch(`${url}/health`)).rejects.toThrow());
    release.resolve();
    const answers = await Promise.all(inFlight);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    for (const answer of answers) expect(await answer.json()).toEqual({ done: true });
    expect(await ended).toBe(0);

    const lines = log
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
    const requests = lines.filter(({ route }) => route === '/api/v1/slow');
    expect(requests).toHaveLength(20);
    expect(requests[0]).toMatchObject({
      level: 'info',
      service: 'gateway',
      method: 'GET',
      status: 200,
      upstream: 'storage',
    });
    expect(log).not.toContain('secret-in-query');
    expect(lines.find(({ route }) => route === '/api/v1/things')).toMatchObject({
      user_id: userId,
      impersonator_id: administrator.userId,
    });
    expect(requests[0]).not.toHaveProperty('impersonator_id');
  });
});
