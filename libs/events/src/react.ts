import type { Knex } from 'knex';
import { ZodError } from 'zod';
import { backoff } from './backoff.ts';
import type { Consumer, Reaction } from './consumer.ts';
import { deadLetter } from './dead-letter.ts';
import { describeError, isTransient } from './describe-error.ts';
import { emit } from './emit.ts';
import type { Actor, CloudEvent } from './envelope.ts';
import type { Delivery, EventLog, Subscribe } from './event-log.ts';
import type { Logger } from './logger.ts';
import type { EventMetrics } from './metrics.ts';
import { sendAhead } from './sent-along.ts';

export interface Retry {
  /** How often a handler is tried before the event goes to the dead-letter topic. Default 6. */
  attempts?: number;
  /** Pause after the first failure in milliseconds, doubled each time. Default 200. */
  pause?: number;
  /** Longest pause in milliseconds. Default 30 000. */
  longestPause?: number;
}

/** What the consumers of a service have in common. */
export interface Reacting {
  service: string;
  knex: Knex;
  eventLog: EventLog;
  log: Logger;
  retry?: Retry;
  metrics?: EventMetrics;
  /** Runs around the handling of an event: where a trace goes on from `event.traceparent`. */
  around?: (event: CloudEvent, consumer: string, run: () => Promise<void>) => Promise<void>;
}

const SCOPE = `select set_config('rivergate.scope', 'platform', true)`;
/**
 * Several events at once lock rows in an order that nobody else keeps to. So they wait for no lock as long as PostgreSQL takes
 * to look for a deadlock, and of a request none comes to be.
 */
const IMPATIENT = `set_config('lock_timeout', '50ms', true)`;

interface Reacted {
  reaction: Reaction;
  event: CloudEvent;
}

const secondsSince = (time: string) => Math.max(0, (Date.now() - Date.parse(time)) / 1000);

/** How the log's deliveries are handled: what the consumer declares, once for each event. */
export function reactions(
  options: Reacting,
  declared: Consumer,
  group: string,
): Required<Pick<Subscribe, 'types' | 'handle' | 'together'>> {
  const { service, knex, eventLog, log, metrics, retry = {} } = options;
  const { attempts = 6, pause = 200, longestPause = 30_000 } = retry;
  const around = options.around ?? ((_event, _consumer, run) => run());
  const byType = new Map(declared.on.map(reaction => [reaction.declaration.type, reaction]));

  function actorOf(event: CloudEvent): Actor {
    const { requestid: requestId = null, traceparent = null } = event;
    return { userId: null, service, ip: null, userAgent: null, requestId, traceparent };
  }

  async function react(db: Knex.Transaction, { reaction, event }: Reacted): Promise<void> {
    const typed = { ...event, data: reaction.declaration.data.parse(event.data) };
    const actor = actorOf(event);
    await reaction.handle(typed, {
      db,
      emit: (declaration, emission) => emit(db, declaration, { actor, ...emission }),
      log,
    });
  }

  /**
   * The inbox rows and the effects in one transaction.
   *
   * @param bindings of the transaction, by SQL
   * @returns the ids of the events that are new to this consumer
   */
  async function handleOnce(
    reacted: readonly Reacted[],
    bindings: string,
    within: (event: CloudEvent, run: () => Promise<void>) => Promise<void>,
  ): Promise<Set<string>> {
    return knex.transaction(async (db: Knex.Transaction) => {
      await sendAhead(db, db.raw(bindings));
      const { rows } = await db.raw<{ rows: { event_id: string }[] }>(
        `insert into inbox (consumer, event_id) select ?, unnest(?::uuid[]) on conflict do nothing returning event_id`,
        [declared.name, reacted.map(({ event }) => event.id)],
      );
      const fresh = new Set(rows.map(({ event_id }) => event_id));
      const due = new Set(fresh);
      for (const each of reacted) {
        if (!due.delete(each.event.id)) continue;
        // A handler may have narrowed it for what is left of the transaction.
        if (each !== reacted[0]) await sendAhead(db, db.raw(SCOPE));
        await within(each.event, () => react(db, each));
      }
      return fresh;
    });
  }

  const noted = ({ id, type, time }: CloudEvent, fresh: Set<string>) =>
    metrics?.handled?.(declared.name, type, fresh.delete(id) ? 'done' : 'duplicate', secondsSince(time));

  async function giveUp(
    event: CloudEvent,
    delivery: Delivery,
    error: unknown,
    attempt: number,
  ): Promise<void> {
    const given = { service, consumer: declared.name, group, attempts: attempt, error: describeError(error) };
    await eventLog.publish([deadLetter({ ...given, event, delivery })]);
    metrics?.handled?.(declared.name, event.type, 'dead-letter', secondsSince(event.time));
    log.error({ ...given, event: event.id, type: event.type }, 'An event went to the dead letters');
  }

  async function handle(reaction: Reaction, event: CloudEvent, delivery: Delivery): Promise<void> {
    const waiting = backoff(pause, longestPause);
    for (let attempt = 1; ; ) {
      try {
        return noted(event, await handleOnce([{ reaction, event }], SCOPE, (_event, run) => run()));
      } catch (error) {
        metrics?.handlingFailed?.(declared.name, event.type);
        const { type } = event;
        log.warn(
          { error: describeError(error), consumer: declared.name, event: event.id, type },
          'A handler failed',
        );
        // What is away comes back: only failures of the handler itself are counted.
        if (!isTransient(error)) {
          if (attempt >= attempts || error instanceof ZodError)
            return giveUp(event, delivery, error, attempt);
          attempt += 1;
        }
        await waiting.pause(delivery.signal);
        delivery.signal.throwIfAborted();
      }
    }
  }

  function reacted(event: CloudEvent): Reacted[] {
    const reaction = byType.get(event.type);
    return reaction && (!event.replayfor || event.replayfor === group) ? [{ reaction, event }] : [];
  }

  return {
    types: [...byType.keys()],
    async handle(event, delivery) {
      for (const { reaction } of reacted(event))
        await around(event, declared.name, () => handle(reaction, event, delivery));
    },
    async together(delivered) {
      const all = delivered.flatMap(({ event }) => reacted(event));
      try {
        const fresh = await handleOnce(all, `${SCOPE}, ${IMPATIENT}`, (event, run) =>
          around(event, declared.name, run),
        );
        for (const { event } of all) noted(event, fresh);
        return true;
      } catch {
        // Whichever of them failed does so again alone, and is told of then.
        return false;
      }
    },
  };
}
