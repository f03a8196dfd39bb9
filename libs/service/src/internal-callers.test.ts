import { type EndpointSpec, endpoints, spec } from '@rivergate/endpoint';
import {
  credentialCaller,
  fellowService,
  nobody,
  type ServiceUnderTest,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from './index.ts';

const endpoint = endpoints();
const openVault = spec({
  owner: 'policy',
  operation: 'openVault',
  method: 'post',
  path: '/internal/vault',
  summary: 'Open the vault',
  caller: 'internal',
  callers: ['organization', 'gateway'],
  answer: z.object({ for: z.string() }),
});

let service: ServiceUnderTest;
beforeAll(async () => {
  const vault = endpoint(openVault, async ({ caller }) => ({ for: caller.service }));
  service = await startServiceUnderTest(defineService({ name: 'policy', modules: [{ endpoints: [vault] }] }));
});
afterAll(() => service?.stop());

const open = (caller: string) => service.as(fellowService(caller)).post('/internal/vault');

describe('an internal endpoint', () => {
  it('answers the processes that its contract names', async () => {
    for (const name of ['organization', 'gateway']) {
      const { status, body } = await open(name);
      expect([status, body.data]).toEqual([200, { for: name }]);
    }
  });
  it('refuses every other service of the fleet, its own included', async () => {
    for (const name of ['identity', 'storage', 'policy']) {
      const { status, body } = await open(name);
      expect([status, body.error.code], name).toEqual([403, 'FORBIDDEN']);
    }
  });
  it('refuses a service that calls itself by the name of another', async () => {
    const { environment, url } = service;
    const posing = credentialCaller(environment.of('storage'), url, 'policy', fellowService('organization'));
    expect((await posing.post('/internal/vault')).status).toBe(401);
  });
  it('refuses people', async () => {
    expect((await service.as(nobody()).post('/internal/vault')).status).toBe(401);
  });
  it('that names no caller can be declared neither in types nor at run time', () => {
    const unnamed = { ...openVault, callers: undefined };
    // @ts-expect-error an internal endpoint has to say who may call it
    const declared: EndpointSpec = unnamed;
    expect(() => endpoint(declared, async () => undefined as never)).toThrow(/callers/);
    expect(() => endpoint({ ...openVault, callers: [] as never }, async () => ({ for: '' }))).toThrow(
      /callers/,
    );
  });
  it('names processes of the fleet only', () => {
    // @ts-expect-error no such service
    const misspelt: EndpointSpec = { ...openVault, callers: ['organisation'] };
    expect(misspelt.callers).toEqual(['organisation']);
  });
});
