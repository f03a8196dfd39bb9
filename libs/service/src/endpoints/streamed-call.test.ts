import { credentialKey } from '@rivergate/caller';
import { endpoints, eventStream, serviceClient, spec, stream } from '@rivergate/endpoint';
import { eventually, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const internal = { caller: 'internal', callers: ['gateway'], owner: 'policy', method: 'get' } as const;
const readRows = spec({
  ...internal,
  operation: 'readRows',
  path: '/internal/rows',
  summary: 'Rows, one a line',
  query: z.object({ fails: z.boolean().default(false) }),
  streams: { 'application/x-ndjson': z.object({ id: z.int(), name: z.string() }) },
});
const followRows = spec({
  ...internal,
  operation: 'followRows',
  path: '/internal/rows/events',
  summary: 'What happens to rows',
  events: { row: z.object({ id: z.int() }) },
});

let ended = 0;
const definition = defineService({
  name: 'policy',
  modules: [
    {
      endpoints: [
        endpoint(readRows, async ({ query }) =>
          stream('application/x-ndjson', async function* ({ within }) {
            try {
              for (let id = 0; id < 6; id += 2) {
                if (query.fails && id === 4) throw new Error('Failed midway');
                await within(db => db.raw('select 1'));
                yield [
                  { id, name: 'a\nb\u2028' },
                  { id: id + 1, name: '\u00e4\u{1f600}' },
                ];
              }
            } finally {
              ended += 1;
            }
          }),
        ),
        endpoint(followRows, async () =>
          eventStream(async function* ({ signal }) {
            try {
              for (let id = 0; !signal.aborted; id++) {
                yield { event: 'row', id: String(id), data: { id } } as const;
                await new Promise(resolve => setTimeout(resolve, 5));
              }
            } finally {
              ended += 1;
            }
          }),
        ),
      ],
    },
  ],
});

let service: ServiceUnderTest;
let call: ReturnType<typeof serviceClient>;
beforeAll(async () => {
  service = await startServiceUnderTest(definition);
  const key = credentialKey(service.environment.of('gateway'));
  call = serviceClient({ key, urlOf: () => service.url });
});
afterAll(async () => {
  await call?.close();
  await service?.stop();
});

describe('a call of another service that streams', () => {
  it('gives what is declared for each line, piece by piece', async () => {
    const ids: number[] = [];
    for await (const { id, name } of await call(readRows, { query: {} })) {
      ids.push(id);
      expect(name).toBe(id % 2 ? '\u00e4\u{1f600}' : 'a\nb\u2028');
    }
    expect(ids).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('fails where the stream breaks off, after what came before', async () => {
    const rows = await call(readRows, { query: { fails: true } });
    const ids: number[] = [];
    const reading = (async () => {
      for await (const { id } of rows) ids.push(id);
    })();
    await expect(reading).rejects.toMatchObject({ status: 503, code: 'UPSTREAM_UNAVAILABLE' });
    expect(ids.length).toBeLessThan(6);
  });

  it('outlives the deadline of its beginning, and ends the producer when it is left', async () => {
    ended = 0;
    let seen = 0;
    for await (const { event, data } of await call(followRows, {}, { deadline: 200 })) {
      expect([event, data]).toEqual(['row', { id: seen }]);
      seen += 1;
      if (seen === 60) break;
    }
    await eventually(() => ended === 1);
  });
});
