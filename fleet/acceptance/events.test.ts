import { endpoints, eventBuffer, eventStream, Id } from '@rivergate/endpoint';
import { defineService } from '@rivergate/service';
import { eventually, expectError } from '@rivergate/testing';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

const endpoint = endpoints();

/** The service's side of what is open, newest last. */
const open: { push(event: Tick | Said): void; end(): void; lastEventId: string | null; ended: boolean }[] =
  [];
type Tick = { event: 'tick'; id?: string; data: { number: number } };
type Said = { event: 'said'; id?: string; data: { text: string } };

const listen = (lastEventId: string | null, signal: AbortSignal) => {
  const buffer = eventBuffer<Tick | Said>(signal, 100);
  const listening = { push: buffer.push, end: buffer.end, lastEventId, ended: false };
  open.push(listening);
  return { buffer, listening };
};
const declaredEvents = { tick: z.object({ number: z.int() }), said: z.object({ text: z.string() }) };
const produce = async function* ({ signal, lastEventId }) {
  const { buffer, listening } = listen(lastEventId, signal);
  try {
    yield* buffer;
  } finally {
    listening.ended = true;
  }
} satisfies Parameters<typeof eventStream<Tick | Said>>[0];

const follow = endpoint(
  {
    operation: 'followThings',
    method: 'get',
    path: '/things/events',
    summary: 'Follow things',
    caller: 'user',
    events: declaredEvents,
  },
  async () => eventStream(produce),
);
const followAsAdmin = endpoint(
  {
    operation: 'followOrganization',
    method: 'get',
    path: '/organizations/:org_id/things/events',
    summary: 'Follow the things of an organization',
    caller: 'admin',
    params: z.object({ org_id: Id }),
    events: declaredEvents,
  },
  async () => eventStream(produce),
);
const policy = defineService({
  name: 'policy',
  modules: [{ tag: 'Things', endpoints: [follow, followAsAdmin] }],
});

const PATH = '/api/v1/things/events';
let fleet: AcceptanceFleet;
let person: Person;
beforeAll(async () => {
  fleet = await startFleet({ instead: [policy], env: { EVENT_HEARTBEAT: '0.05', ANSWER_WINDOW: '1' } });
  person = await signUp(fleet, 'listener');
});
afterAll(() => fleet?.stop());
beforeEach(() => {
  open.length = 0;
});

const bearer = ({ tokens }: Person) => ({ authorization: `Bearer ${tokens.access_token}` });
const request = (headers: Record<string, string>, path = PATH, signal?: AbortSignal) =>
  fetch(fleet.url + path, { headers, ...(signal ? { signal } : {}) });
const opened = () => eventually(() => open.at(-1), 'a stream that is open');

/** A client that others wrote, which sends the token as a browser's own EventSource cannot. */
function source(by: Person, path = PATH) {
  const client = new EventSource(fleet.url + path, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...bearer(by) } }),
  });
  const got: { type: string; data: unknown; id: string }[] = [];
  for (const type of ['tick', 'said'])
    client.addEventListener(type, ({ data: text, lastEventId }) =>
      got.push({ type, data: JSON.parse(text), id: lastEventId }),
    );
  return { client, got };
}

describe('an event stream', () => {
  it('brings its head before there is an event, uncoded and kept by no cache or proxy', async () => {
    const answer = await request({ ...bearer(person), 'accept-encoding': 'br, gzip' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('\n:\n')) text += (await reader.read()).value;
    expect(text).toMatch(/^retry: 2000\n\n:\n\n/);
    await reader.cancel();
  });

  it('brings events with names, data and ids, and a client that comes again says how far it got', async () => {
    const { client, got } = source(person);
    const first = await opened();
    expect(first.lastEventId).toBeNull();
    first.push({ event: 'tick', id: '41', data: { number: 1 } });
    first.push({ event: 'said', id: '42', data: { text: 'two\nlines, data: id: 7\r\n\r\n' } });
    await eventually(() => got.length === 2);
    expect(got).toEqual([
      { type: 'tick', data: { number: 1 }, id: '41' },
      { type: 'said', data: { text: 'two\nlines, data: id: 7\r\n\r\n' }, id: '42' },
    ]);
    first.end();
    await eventually(() => open.length === 2, 'the client to come again');
    expect(open[1]!.lastEventId).toBe('42');
    client.close();
    await eventually(() => open[1]!.ended);
  });

  it('takes no id of a last event that none of ours can be: 422', async () => {
    for (const id of ['x'.repeat(256), '\u00e4', 'a\tb'])
      expect((await request({ ...bearer(person), 'last-event-id': id })).status, id).toBe(422);
    expect(open).toEqual([]);
  });

  it('has the same head for HEAD, and begins nothing', async () => {
    const answer = await fetch(fleet.url + PATH, { method: 'HEAD', headers: bearer(person) });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    expect(open).toEqual([]);
  });

  it('ends for the service when its client leaves, also while nothing happens', async () => {
    const leaving = new AbortController();
    await request(bearer(person), PATH, leaving.signal);
    const stream = await opened();
    leaving.abort();
    await eventually(() => stream.ended);
  });

  it('is refused as any request is, before it begins', async () => {
    expectError(await fleet.caller().get(PATH), 401, 'UNAUTHORIZED');
    expect(open).toEqual([]);
  });

  it('with an event that is not declared breaks off', async () => {
    const answer = await request(bearer(person));
    (await opened()).push({ event: 'other', data: {} } as never);
    await expect(answer.text()).rejects.toThrow();
  });

  it('of a client that never reads breaks off, instead of keeping events for it', async () => {
    const answer = await request(bearer(person));
    const stream = await opened();
    const filling = setInterval(() => stream.push({ event: 'said', data: { text: 'x'.repeat(100_000) } }), 1);
    await eventually(() => stream.ended);
    clearInterval(filling);
    await expect(answer.text()).rejects.toThrow();
  });
});

describe('an event stream that may not go on', () => {
  it('is closed within a second when its session is revoked', async () => {
    const leaver = await signUp(fleet, 'leaver');
    const answer = await request(bearer(leaver));
    const stream = await opened();
    const reading = answer.text().then(
      () => 'ended',
      () => 'broken',
    );
    expect((await leaver.post('/api/v1/auth/logout', {})).status).toBe(204);
    const revoked = performance.now();
    expect(await reading).toBe('broken');
    expect(performance.now() - revoked).toBeLessThan(1_000);
    await eventually(() => stream.ended);
  });

  it('breaks off before the next event when its administrator is none any more', async () => {
    const [owner, admin] = [await signUp(fleet, 'owner'), await signUp(fleet, 'admin')];
    const organization = await foundOrganization(owner);
    await join(owner, admin, organization, 'Admin');
    const path = `${organization.path}/things/events`;
    const answer = await request(bearer(admin), path);
    expect(answer.status).toBe(200);
    const stream = await opened();
    const { roles } = data(await owner.get(`${organization.path}/roles`)) as {
      roles: { id: number; name: string }[];
    };
    const role_id = roles.find(({ name }) => name === 'Viewer')!.id;
    data(await owner.patch(`${organization.path}/members/${admin.id}`, { role_id }));
    let number = 0;
    const ticking = setInterval(() => stream.push({ event: 'tick', data: { number: number++ } }), 20);
    expect((await readUntilEnd(answer)).whole).toBe(false);
    clearInterval(ticking);
    expect(stream.ended).toBe(true);
    expectError(await admin.get(path), 403, 'FORBIDDEN');
  });
});

it('when its service or the gateway stops, an event stream ends cleanly', async () => {
  const answer = await request(bearer(person));
  await opened();
  const stopping = fleet.stopService('policy');
  expect((await readUntilEnd(answer)).whole).toBe(true);
  await stopping;
  await fleet.startService('policy');
  await eventually(async () => (await fetch(`${fleet.url}/ready`)).status === 200);
  const another = await request(bearer(person));
  const reading = readUntilEnd(another);
  const stopped = fleet.stop();
  expect((await reading).whole).toBe(true);
  await stopped;
  fleet = undefined as never;
});

async function readUntilEnd(answer: Response): Promise<{ received: string; whole: boolean }> {
  let received = '';
  try {
    for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) received += text;
    return { received, whole: true };
  } catch {
    return { received, whole: false };
  }
}
