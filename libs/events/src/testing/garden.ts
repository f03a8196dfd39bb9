import { z } from 'zod';
import { consumer, on } from '../consumer.ts';
import { event } from '../declaration.ts';
import type { Actor, CloudEvent } from '../envelope.ts';
import type { LogRecord } from '../event-log.ts';
import type { Logger } from '../logger.ts';

/** The events of a service that exists in tests only. */
export const plantGrown = event({
  type: 'garden.plant.grown',
  version: 1,
  audit: 'plant.grown',
  summary: 'A plant is higher than before',
  data: z.object({ plant_id: z.number().int(), height: z.number().int() }),
});

/** The same under another aggregate, and so in a topic of its own. */
export const grownIn = (aggregate: string) => event({ ...plantGrown, type: `garden.${aggregate}.grown` });

export const plantCut = event({
  type: 'garden.plant.cut',
  version: 1,
  audit: 'plant.cut',
  summary: 'A plant was cut',
  data: z.object({ plant_id: z.number().int() }),
});

export const gardener: Actor = {
  userId: 7,
  ip: '192.0.2.1',
  userAgent: 'test',
  requestId: 'request-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** The effect of an event, which would be doubled if it were handled twice: it holds no key. */
export const EFFECT_TABLE = 'create table effect (id bigserial, event_id uuid, plant_id int, height int)';

/** Records what came, in order. */
export const observerOf = (declaration: typeof plantGrown) =>
  consumer({
    name: 'observer',
    on: [
      on(declaration, async (event, { db }) => {
        await db('effect').insert({ event_id: event.id, ...event.data });
      }),
    ],
  });
export const observer = observerOf(plantGrown);

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

let counter = 0;

/** A record as the relay would publish it. */
export function record(topic: string, key: string, data: Record<string, unknown>): LogRecord {
  counter += 1;
  const event: CloudEvent = {
    specversion: '1.0',
    id: `00000000-0000-4000-8000-${String(counter).padStart(12, '0')}`,
    source: '/rivergate/garden',
    type: 'garden.plant.grown',
    subject: key,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: 'urn:rivergate:event:garden.plant.grown:1',
    actor: '7',
    data,
  };
  return { topic, key, event };
}
