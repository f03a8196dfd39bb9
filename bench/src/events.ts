import { setTimeout as elapsed } from 'node:timers/promises';
import { chainedAuditLogStatements } from '@rivergate/audit-chain';
import {
  consumer,
  type EventLog,
  emit,
  eventLogFromEnv,
  on,
  startConsumers,
  startRelay,
} from '@rivergate/events';
import { changedIn, exampleActor, silent, type TestDatabase, testDatabase } from '@rivergate/events/testing';
import type { Knex } from 'knex';

const LATENCY_SAMPLES = 400;
const EMITS = 3000;
const WRITERS = 4;
const DRAIN = 20_000;
/** As long as an event. */
const PLAIN = JSON.stringify({ text: 'x'.repeat(600) });
// A topic of this run's own, on a broker that may hold those of others.
const changed = changedIn(`bench_${Date.now()}`);

export interface BenchEvents {
  /** Superuser URL; the bench makes and drops databases of its own. */
  adminUrl: string;
  kafkaBrokers?: string;
}

/** One measured figure, and beside it what it is compared with in the same run. */
export interface EventFigure {
  what: string;
  figure: string;
  baseline: string;
  ratio: string;
}

interface Percentiles {
  p50: number;
  p99: number;
}

function percentiles(samples: number[]): Percentiles {
  const sorted = samples.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { p50: at(0.5), p99: at(0.99) };
}

const milliseconds = ({ p50, p99 }: Percentiles) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
const perSecond = (rate: number) => `${Math.round(rate)}/s`;

function emitChange(knex: Knex, quantity: number, organizationId: number | null = null): Promise<unknown> {
  const emission = {
    aggregateId: quantity % 50,
    organizationId,
    actor: exampleActor,
    data: { item_id: quantity % 50, quantity },
  };
  return knex.transaction(trx => emit(trx, changed, emission));
}

/** From the return of the commit to the start of the handler: relay, log, consumer, one event at a time. */
async function latency({ knex }: TestDatabase, eventLog: EventLog): Promise<Percentiles> {
  let arrived = (_at: number) => {};
  const probe = consumer({
    name: `latency-${Date.now()}`,
    on: [on(changed, async () => arrived(performance.now()))],
  });
  const relay = startRelay({ knex, eventLog, log: silent });
  const running = await startConsumers({
    service: 'inventory',
    consumers: [probe],
    knex,
    eventLog,
    log: silent,
  });
  await running.started;
  const samples: number[] = [];
  for (let n = 0; n < LATENCY_SAMPLES; n++) {
    const arrival = new Promise<number>(resolve => {
      arrived = resolve;
    });
    await emitChange(knex, n);
    const committed = performance.now();
    // The handler may start before the commit's answer is read here.
    samples.push(Math.max(0, (await arrival) - committed));
    await elapsed(2);
  }
  await running.stop();
  await relay.stop();
  return percentiles(samples.slice(LATENCY_SAMPLES / 10));
}

/** What one transaction with one insert takes: an event's way holds two commits and four more round trips. */
async function commitLatency({ knex }: TestDatabase): Promise<Percentiles> {
  await knex.raw('create table plain (id bigserial primary key, event json)');
  const samples: number[] = [];
  for (let n = 0; n < LATENCY_SAMPLES; n++) {
    const began = performance.now();
    await knex.transaction(trx => trx('plain').insert({ event: PLAIN }));
    samples.push(performance.now() - began);
  }
  return percentiles(samples);
}

/** @returns how often a second, by several writers at once */
async function rate(count: number, work: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const began = performance.now();
  const writer = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  return count / ((performance.now() - began) / 1000);
}

/** Events a second that the relay moves from a full outbox into the log. */
async function drainRate(database: TestDatabase, eventLog: EventLog): Promise<number> {
  await emitChange(database.knex, 1);
  await database.admin(`insert into inventory.outbox (topic, key, event)
    select topic, (n % 50)::text, jsonb_set(event::jsonb, '{id}', to_jsonb(gen_random_uuid()))::json
    from (select * from inventory.outbox limit 1) as one, generate_series(2, ${DRAIN}) as n`);
  const began = performance.now();
  const relay = startRelay({ knex: database.knex, eventLog, log: silent });
  await relay.drained();
  const seconds = (performance.now() - began) / 1000;
  await relay.stop();
  return DRAIN / seconds;
}

/** Rows a second that leave one table for another in statements of the relay's batch size: no log, no JSON, no order. */
async function moveRate({ knex }: TestDatabase): Promise<number> {
  await knex.raw(
    'create table source as select n as id, repeat(md5(n::text), 20) as event from generate_series(1, ?) as n',
    [DRAIN],
  );
  await knex.raw('alter table source add primary key (id)');
  await knex.raw('create table target (id int primary key, event text)');
  const began = performance.now();
  for (;;) {
    const { rowCount } = await knex.raw(`with moved as (
      delete from source where id in (select id from source order by id limit 500) returning *
    ) insert into target select * from moved`);
    if (rowCount === 0) break;
  }
  return DRAIN / ((performance.now() - began) / 1000);
}

/** Events a second through a consumer, each in a transaction with its inbox row. */
async function consumeRate({ knex }: TestDatabase, eventLog: EventLog): Promise<number> {
  let handled = 0;
  const done = Promise.withResolvers<void>();
  const counter = consumer({
    name: `rate-${Date.now()}`,
    on: [
      on(changed, async () => {
        handled += 1;
        if (handled === EMITS) done.resolve();
      }),
    ],
  });
  const began = performance.now();
  const running = await startConsumers({
    service: 'inventory',
    consumers: [counter],
    knex,
    eventLog,
    log: silent,
  });
  await done.promise;
  const seconds = (performance.now() - began) / 1000;
  await running.stop();
  return EMITS / seconds;
}

function ratioOf(own: number, other: number): string {
  return `${(own / other).toFixed(2)}×`;
}

/** Measures the way of an event, prints the figures with their baselines of the same run, and returns them. */
export async function benchEvents({ adminUrl, kafkaBrokers }: BenchEvents): Promise<EventFigure[]> {
  const database = await testDatabase(adminUrl);
  const { knex } = database;
  const logs = [
    { name: 'embedded', eventLog: eventLogFromEnv({ EVENT_LOG_URL: database.eventLogUrl }, silent) },
  ];
  if (kafkaBrokers)
    logs.push({ name: 'Kafka', eventLog: eventLogFromEnv({ KAFKA_BROKERS: kafkaBrokers }, silent) });
  else console.log('Events: no Kafka (KAFKA_BROKERS is not set), embedded log only');
  const figures: EventFigure[] = [];
  const report = (figure: EventFigure) => {
    figures.push(figure);
    console.log(`${figure.what}: ${figure.figure} (${figure.ratio} of ${figure.baseline})`);
  };

  const floor = await commitLatency(database);
  for (const { name, eventLog } of logs) {
    const measured = await latency(database, eventLog);
    report({
      what: `commit to consumer, ${name}`,
      figure: milliseconds(measured),
      baseline: `one committed insert: ${milliseconds(floor)}`,
      ratio: ratioOf(measured.p50, floor.p50),
    });
  }

  const inserts = await rate(EMITS, () => knex.transaction(trx => trx('plain').insert({ event: PLAIN })));
  const emits = await rate(EMITS, n => emitChange(knex, n));
  report({
    what: `emit: transactions, ${WRITERS} writers`,
    figure: perSecond(emits),
    baseline: `one plain insert each: ${perSecond(inserts)}`,
    ratio: ratioOf(emits, inserts),
  });

  // Last of what writes: from here on each entry of the audit log is chained.
  const perOrganization = (organizations: number) =>
    rate(EMITS, n => emitChange(knex, n, 1 + (n % organizations)));
  const plain = new Map([
    [1, await perOrganization(1)],
    [100, await perOrganization(100)],
  ]);
  await database.admin(
    chainedAuditLogStatements({ schema: 'inventory', writer: new URL(database.url).username }),
  );
  for (const [organizations, unchained] of plain) {
    const chained = await perOrganization(organizations);
    report({
      what: `emit into a chained audit log, ${WRITERS} writers in ${organizations} organizations`,
      figure: perSecond(chained),
      baseline: `into one that is not: ${perSecond(unchained)}`,
      ratio: ratioOf(chained, unchained),
    });
  }

  const moves = await moveRate(database);
  for (const { name, eventLog } of logs) {
    const drained = await drainRate(database, eventLog);
    const baseline = `rows moved between tables: ${perSecond(moves)}`;
    report({
      what: `relay, ${name}`,
      figure: perSecond(drained),
      baseline,
      ratio: ratioOf(drained, moves),
    });
    const consumed = await consumeRate(database, eventLog);
    report({
      what: `consumer with inbox, ${name}`,
      figure: perSecond(consumed),
      baseline: `plain inserts, ${WRITERS} writers: ${perSecond(inserts)}`,
      ratio: ratioOf(consumed, inserts),
    });
  }
  for (const { eventLog } of logs) await eventLog.close();
  await database.drop();
  return figures;
}
