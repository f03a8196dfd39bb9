import { credentialKeys } from '@rivergate/caller';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startGateway } from '../gateway.ts';
import { manifestOf, startStandIn, testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/things/{thing_id}', { caller: 'public' }),
    testRoute('POST', '/api/v1/things/{thing_id}', { caller: 'public' }),
    testRoute('GET', '/internal/secrets', { caller: 'public' }),
  ]);
});

afterAll(() => fleet.stop());

describe('routing', () => {
  it('answers the path, a trailing slash and the /api alias alike', async () => {
    for (const path of ['/api/v1/things/1', '/api/v1/things/1/', '/api/things/1']) {
      const answer = await fleet.get(path);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ data: { url: '/api/v1/things/1' } });
    }
  });

  it('answers 404 in the documented shape for what is not there', async () => {
    const answer = await fleet.get('/api/v1/nothing');
    expect(answer.status).toBe(404);
    const body = (await answer.json()) as { error: { code: string; request_id: string } };
    expect(body.error.code).toBe('NOT_FOUND');
    expect(body.error.request_id).toBe(answer.headers.get('x-request-id'));
  });

  it('answers 405 with the methods there are', async () => {
    const answer = await fetch(`${fleet.url}/api/v1/things/1`, { method: 'DELETE' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(await answer.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } });
  });

  it('answers HEAD as GET without a body', async () => {
    const answer = await fetch(`${fleet.url}/api/v1/things/1`, { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('');
  });

  it('never routes internal paths, not even declared ones', async () => {
    for (const path of [
      '/internal/manifest',
      '/internal/secrets',
      '/internal/sessions/1',
      '/INTERNAL/manifest',
    ]) {
      expect((await fleet.get(path)).status).toBe(404);
    }
  });

  it('refuses a service that declares a route of another, whatever its parameter is called, and says so', async () => {
    const { storage, identity } = fleet;
    const before = identity.manifest;
    storage.manifest = manifestOf('storage', [
      ...storage.manifest.routes,
      testRoute('GET', '/api/v1/own/{own_id}', { caller: 'public' }),
    ]);
    await vi.waitFor(async () => expect((await fleet.get('/api/v1/own/1')).status).toBe(200), {
      timeout: 5_000,
    });
    identity.manifest = manifestOf('identity', [
      ...before.routes,
      testRoute('GET', '/api/v1/own/{other_id}', { caller: 'public' }),
    ]);
    const refused = storage.name;
    await vi.waitFor(
      async () => {
        const ready = await fleet.get('/ready');
        expect(ready.status).toBe(503);
        expect(await ready.json()).toMatchObject({ services: { [refused]: false, identity: true } });
      },
      { timeout: 5_000 },
    );
    expect(identity.received.filter(({ url }) => url === '/api/v1/own/1')).toEqual([]);
    identity.manifest = before;
    await vi.waitFor(async () => expect((await fleet.get('/ready')).status).toBe(200), { timeout: 5_000 });
    expect((await fleet.get('/api/v1/own/1')).status).toBe(200);
  });

  it('learns new routes of a service while it runs', async () => {
    const before = fleet.storage.manifest;
    fleet.storage.manifest = manifestOf('storage', [
      ...before.routes,
      testRoute('GET', '/api/v1/new', { caller: 'public' }),
    ]);
    await vi.waitFor(async () => expect((await fleet.get('/api/v1/new')).status).toBe(200), {
      timeout: 5_000,
    });
  });
});

describe('a service that is down', () => {
  it('makes the gateway not ready, answers 503, also from a gateway that starts meanwhile, and comes back', async () => {
    expect((await fleet.get('/ready')).status).toBe(200);
    await fleet.storage.stop();
    await vi.waitFor(
      async () => {
        const ready = await fleet.get('/ready');
        expect(ready.status).toBe(503);
        expect(await ready.json()).toMatchObject({ services: { storage: false, identity: true } });
      },
      { timeout: 5_000 },
    );
    const answer = await fleet.get('/api/v1/things/1');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: 'UPSTREAM_UNAVAILABLE' } });

    const second = await startGateway(fleet.env);
    expect((await fetch(`${second.url}/api/v1/things/1`)).status).toBe(503);
    expect((await fetch(`${second.url}/api/v1/nothing`)).status).toBe(404);
    await second.stop();

    const keys = credentialKeys({ ...fleet.internal, INTERNAL_KEY: fleet.internal.INTERNAL_KEY.storage });
    const again = await startStandIn('storage', keys, fleet.storage.manifest.routes, fleet.storage.port);
    await vi.waitFor(async () => expect((await fleet.get('/api/v1/things/1')).status).toBe(200), {
      timeout: 5_000,
    });
    await vi.waitFor(async () => expect((await fleet.get('/ready')).status).toBe(200), { timeout: 5_000 });
    await again.stop();
  });
});
