import { z } from 'zod';
import { consumer, on } from '../consumer.ts';
import { event } from '../declaration.ts';
import type { Actor, CloudEvent } from '../envelope.ts';
import type { LogRecord } from '../event-log.ts';
import type { Logger } from '../logger.ts';

/** The events of a service that exists in tests only. */
export const itemChanged = event({
  type: 'inventory.item.changed',
  version: 1,
  audit: 'item.changed',
  summary: 'The quantity of an item changed',
  data: z.object({ item_id: z.number().int(), quantity: z.number().int() }),
});

/** The same under another aggregate, and so in a topic of its own. */
export const changedIn = (aggregate: string) =>
  event({ ...itemChanged, type: `inventory.${aggregate}.changed` });

export const itemRemoved = event({
  type: 'inventory.item.removed',
  version: 1,
  audit: 'item.removed',
  summary: 'An item was removed',
  data: z.object({ item_id: z.number().int() }),
});

export const exampleActor: Actor = {
  userId: 7,
  ip: '192.0.2.1',
  userAgent: 'test',
  requestId: 'request-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** The effect of an event, which would be doubled if it were handled twice: it holds no key. */
export const EFFECT_TABLE = 'create table effect (id bigserial, event_id uuid, item_id int, quantity int)';

/** Records what came, in order. */
export const observerOf = (declaration: typeof itemChanged) =>
  consumer({
    name: 'observer',
    on: [
      on(declaration, async (event, { db }) => {
        await db('effect').insert({ event_id: event.id, ...event.data });
      }),
    ],
  });
export const observer = observerOf(itemChanged);

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

let counter = 0;

/** A record as the relay would publish it. */
export function record(topic: string, key: string, data: Record<string, unknown>): LogRecord {
  counter += 1;
  const event: CloudEvent = {
    specversion: '1.0',
    id: `00000000-0000-4000-8000-${String(counter).padStart(12, '0')}`,
    source: '/rivergate/inventory',
    type: 'inventory.item.changed',
    subject: key,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: 'urn:rivergate:event:inventory.item.changed:1',
    actor: '7',
    data,
  };
  return { topic, key, event };
}
