/**
 * A process for crash tests: a relay and a consumer of the `inventory` service. At the point named by CRASH_AT it kills
 * itself with SIGKILL, as `kill -9` would: no handler runs, no connection is closed in order.
 */
import knexFactory from 'knex';
import { consumer, on } from '../consumer.ts';
import type { EventLog } from '../event-log.ts';
import { kafkaEventLog } from '../kafka/log.ts';
import { postgresEventLog } from '../postgres/log.ts';
import { startRelay } from '../relay.ts';
import { startConsumers } from '../start-consumers.ts';
import { changedIn, silent } from '../testing/inventory.ts';

export const CRASH_POINTS = [
  'relay: before it publishes',
  'relay: after it published, before it deletes',
  'consumer: before the effect',
  'consumer: after the effect, before the commit',
  'consumer: after the commit, before its place in the log is committed',
] as const;

export interface VictimEnvironment {
  DATABASE_URL: string;
  EVENT_LOG_URL?: string;
  KAFKA_BROKERS?: string;
  AGGREGATE: string;
  CRASH_AT?: (typeof CRASH_POINTS)[number];
  /** How many times the point is passed before it kills. */
  CRASH_AFTER?: string;
}

function main(): void {
  const env = process.env as unknown as VictimEnvironment;
  let passes = Number(env.CRASH_AFTER ?? 0);
  const point = (name: (typeof CRASH_POINTS)[number]) => {
    if (env.CRASH_AT === name && passes-- === 0) process.kill(process.pid, 'SIGKILL');
  };

  const log = silent;
  const real = env.KAFKA_BROKERS
    ? kafkaEventLog({ brokers: env.KAFKA_BROKERS.split(','), log, sessionTimeout: 6000 })
    : postgresEventLog({ url: env.EVENT_LOG_URL!, log });
  const eventLog: EventLog = {
    ...real,
    async publish(records) {
      point('relay: before it publishes');
      await real.publish(records);
      point('relay: after it published, before it deletes');
    },
  };
  const observer = consumer({
    name: `observer-${env.AGGREGATE}`,
    on: [
      on(changedIn(env.AGGREGATE), async ({ id, data }, { db }) => {
        point('consumer: before the effect');
        await db('effect').insert({ event_id: id, ...data });
        point('consumer: after the effect, before the commit');
      }),
    ],
  });
  const knex = knexFactory({ client: 'pg', connection: env.DATABASE_URL, pool: { min: 0, max: 2 } });
  const handled = () => point('consumer: after the commit, before its place in the log is committed');
  startRelay({ knex, eventLog, log });
  startConsumers({ service: 'inventory', consumers: [observer], knex, eventLog, log, metrics: { handled } });
}

if (import.meta.main) main();
