import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../gateway.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([testRoute('GET', '/api/v1/things/{thing_id}')]);
});

afterAll(() => fleet.stop());

const read = async <Body>(path: string) => (await (await fleet.get(path)).json()) as Body;

describe('the documents', () => {
  it('merge what the services declare', async () => {
    const document = await read<{ openapi: string; paths: object; servers: object; tags: object[] }>(
      '/api/v1/openapi.json',
    );
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers).toEqual([{ url: 'http://gateway.test' }]);
    expect(document.paths).toHaveProperty(['/api/v1/things/{thing_id}', 'get']);
    expect(document.tags).toContainEqual({ name: 'storage' });
    expect(await read('/api/openapi.json')).toEqual(document);
  });

  it('describe the events, too', async () => {
    expect(await read('/api/v1/asyncapi.json')).toMatchObject({ asyncapi: expect.stringMatching(/^3\./) });
  });

  it('can be read at /docs, with everything from here and no script in the page', async () => {
    const answer = await fleet.get('/docs');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    const page = await answer.text();
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<script>|onload=/);
    const files = [...page.matchAll(/(?:href|src)="(\/docs\/[^"]+)"/g)].map(match => match[1]!);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await fleet.get(file)).status).toBe(200);
    expect((await fleet.get('/docs/')).status).toBe(200);
    expect((await fleet.get('/docs/../gateway.ts')).status).toBe(404);
  });

  it('are named at the front page', async () => {
    expect(await read('/')).toMatchObject({ data: { documentation: '/docs' } });
  });
});

describe('health, readiness and metrics', () => {
  it('are answered', async () => {
    expect(await read('/health')).toEqual({ status: 'ok', service: 'gateway' });
    expect(await read('/ready')).toMatchObject({
      status: 'ready',
      services: { identity: true, storage: true },
    });
    await fleet.get('/api/v1/things/1');
    const metrics = await (await fleet.get('/metrics')).text();
    expect(metrics).toMatch(
      /rivergate_gateway_duration_seconds_count\{.*route="\/api\/v1\/things\/\{thing_id\}".*status="401"/,
    );
  });

  it('show no metrics to others than this machine', async () => {
    expect((await fleet.get('/metrics', { 'x-forwarded-for': '203.0.113.1' })).status).toBe(404);
  });

  it('show metrics to whoever has the token, and then to nobody else', async () => {
    const token = 'metrics-token-of-this-test';
    const gateway = await startGateway({ ...fleet.env, METRICS_TOKEN: token });
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${gateway.url}/metrics`, { headers })).status;
    expect(await status({})).toBe(404);
    expect(await status({ authorization: 'Bearer wrong' })).toBe(404);
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
    await gateway.stop();
  });
});

describe('the mailbox', () => {
  it('is unknown where there is none', async () => {
    expect((await fleet.get('/dev/mailbox')).status).toBe(404);
  });

  it('is passed on where there is one, without a credential', async () => {
    const mailbox = createServer((request, response) => {
      response.end(
        JSON.stringify({ url: request.url, credential: request.headers['x-internal-credential'] ?? null }),
      );
    });
    await new Promise<void>(resolve => mailbox.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(mailbox.address() as AddressInfo).port}`;
    const gateway = await startGateway({ ...fleet.env, MAILBOX_URL: address });
    const answer = await fetch(`${gateway.url}/dev/mailbox/messages?to=a@b.test`);
    expect(await answer.json()).toEqual({ url: '/dev/mailbox/messages?to=a@b.test', credential: null });
    expect((await fetch(`${gateway.url}/dev/mailboxes`)).status).toBe(404);
    await gateway.stop();
    mailbox.close();
  });
});
