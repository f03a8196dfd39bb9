import { endpoints } from '@rivergate/endpoint';
import type { Outbound, OutboundFailure } from '@rivergate/outbound';
import { nobody, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService, startService } from '../index.ts';

const endpoint = endpoints<{ outbound: Outbound }>();
const fetching = endpoint(
  {
    operation: 'fetchUrl',
    method: 'post',
    path: '/fetches',
    summary: 'Fetch',
    caller: 'public',
    body: z.object({ url: z.string() }),
    answer: z.object({ outcome: z.string() }),
  },
  async ({ body, outbound }) => {
    const outcome = await outbound.request(body.url).then(
      async answer => {
        await answer.discard();
        return String(answer.status);
      },
      (failure: OutboundFailure) => failure.reason,
    );
    return { outcome };
  },
);
const definition = defineService({ name: 'policy', modules: [{ tag: 'Fetches', endpoints: [fetching] }] });

let closed: ServiceUnderTest;
let open: ServiceUnderTest;
beforeAll(async () => {
  closed = await startServiceUnderTest(definition);
  open = await startServiceUnderTest(definition, { env: { OUTBOUND_ALLOW: '127.0.0.1' } });
});
afterAll(async () => {
  await closed?.stop();
  await open?.stop();
});

it('a service fetches a URL of a user from where its operator lets it', async () => {
  const outcome = (service: ServiceUnderTest, url: string) =>
    service.as(nobody()).call(fetching, { body: { url } });
  expect(await outcome(closed, `${closed.url}/health`)).toEqual({ outcome: 'address_not_allowed' });
  expect(await outcome(open, `${closed.url}/health`)).toEqual({ outcome: '200' });
  expect(await outcome(open, 'http://127.0.0.2:9999/')).toEqual({ outcome: 'address_not_allowed' });
});

it.each([
  ['OUTBOUND_ALLOW', '10.0.0.0/99'],
  ['OUTBOUND_DNS', 'dns.example'],
])('a service does not start with %s=%s', async (variable, value) => {
  const env = { ...closed.environment.of(definition.name), [variable]: value };
  await expect(startService(definition, env)).rejects.toThrow(variable);
});
