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

const secondsSince = (time: string) => Math.max(0, (Date.now() - Date.parse(time)) / 1000);

/** A handler of the log's deliveries that does what the consumer declares, once for each event. */
export function reactions(options: Reacting, declared: Consumer, group: string): Subscribe['handle'] {
  const { service, knex, eventLog, log, metrics, retry = {} } = options;
  const { attempts = 6, pause = 200, longestPause = 30_000 } = retry;
  const around = options.around ?? ((_event, _consumer, run) => run());
  const byType = new Map(declared.on.map(reaction => [reaction.declaration.type, reaction]));

  function actorOf(event: CloudEvent): Actor {
    const { requestid: requestId = null, traceparent = null } = event;
    return { userId: null, service, ip: null, userAgent: null, requestId, traceparent };
  }

  /** The inbox row and the effects in one transaction. @returns whether the event is new to this consumer */
  async function handleOnce(reaction: Reaction, event: CloudEvent): Promise<boolean> {
    return knex.transaction(async (db: Knex.Transaction) => {
      await sendAhead(db, db.raw(`select set_config('rivergate.scope', 'platform', true)`));
      const row = { consumer: declared.name, event_id: event.id };
      const inserted = await db('inbox').insert(row).onConflict().ignore().returning('event_id');
      if (inserted.length === 0) return false;
      const typed = { ...event, data: reaction.declaration.data.parse(event.data) };
      const actor = actorOf(event);
      await reaction.handle(typed, {
        db,
        emit: (declaration, emission) => emit(db, declaration, { actor, ...emission }),
        log,
      });
      return true;
    });
  }

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
        const fresh = await handleOnce(reaction, event);
        metrics?.handled?.(declared.name, event.type, fresh ? 'done' : 'duplicate', secondsSince(event.time));
        return;
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

  return async (event, delivery) => {
    const reaction = byType.get(event.type);
    if (!reaction || (event.replayfor && event.replayfor !== group)) return;
    await around(event, declared.name, () => handle(reaction, event, delivery));
  };
}
