import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { backoff } from '../backoff.ts';
import { deliver, MOST_TOGETHER } from '../deliver.ts';
import { describeError } from '../describe-error.ts';
import type { CloudEvent } from '../envelope.ts';
import type { Subscribe, Subscription } from '../event-log.ts';
import type { Logger } from '../logger.ts';
import type { Topics } from './topics.ts';

/** How long the broker holds a fetch that finds nothing, which is how long stopping may take; milliseconds. */
const LONGEST_FETCH = 1000;

export interface KafkaSubscription {
  kafka: Kafka;
  topics: Topics;
  subscribe: Subscribe;
  sessionTimeout: number;
  log: Logger;
}

export function kafkaSubscription({
  kafka,
  topics,
  subscribe,
  sessionTimeout,
  log,
}: KafkaSubscription): Subscription {
  const { group, fromBeginning = true } = subscribe;
  const stopping = new AbortController();
  const started = Promise.withResolvers<void>();
  const heartbeatInterval = sessionTimeout / 3;

  /** Handles a partition's events in their order; only what was handled is committed. */
  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary, isRunning, isStale } = payload;
    const leaving = new AbortController();
    const signal = AbortSignal.any([stopping.signal, leaving.signal]);
    // While a handler works or waits, the group must hear of us, and we of it: when it rebalances, the handler gives up.
    const beating = setInterval(() => heartbeat().catch(error => leaving.abort(error)), heartbeatInterval);
    try {
      const { topic, partition, messages } = batch;
      // After each portion it is looked whether the partition is still ours.
      for (let next = 0; next < messages.length; next += MOST_TOGETHER) {
        if (!isRunning() || isStale() || signal.aborted) break;
        const delivered = messages.slice(next, next + MOST_TOGETHER).map(({ offset, key, value }) => ({
          event: JSON.parse(value!.toString()) as CloudEvent,
          delivery: { topic, partition, key: key?.toString() ?? '', position: offset, signal },
        }));
        const { position, stopped } = await deliver(subscribe, delivered, log);
        if (position !== undefined) resolveOffset(position);
        if (stopped) break;
        await commitOffsetsIfNecessary();
        await heartbeat();
      }
      leaving.signal.throwIfAborted();
    } finally {
      clearInterval(beating);
    }
  }

  /** Reads until it is told to stop. @throws when kafkajs gives up */
  async function read(consumer: Consumer): Promise<void> {
    const ended = Promise.withResolvers<void>();
    consumer.on(consumer.events.CRASH, ({ payload }) => ended.reject(payload.error));
    consumer.on(fromBeginning ? consumer.events.GROUP_JOIN : consumer.events.FETCH, () => started.resolve());
    stopping.signal.addEventListener('abort', () => ended.resolve(), { once: true });
    await topics.ensure(subscribe.topics);
    await consumer.connect();
    await consumer.subscribe({ topics: subscribe.topics, fromBeginning });
    await consumer.run({
      eachBatchAutoResolve: false,
      autoCommitInterval: 1000,
      partitionsConsumedConcurrently: 4,
      eachBatch,
    });
    await ended.promise;
  }

  async function run(): Promise<void> {
    const trouble = backoff(100, 5000);
    while (!stopping.signal.aborted) {
      const consumer = kafka.consumer({
        groupId: group,
        sessionTimeout,
        heartbeatInterval,
        maxWaitTimeInMs: LONGEST_FETCH,
        retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5, restartOnFailure: async () => false },
      });
      try {
        await read(consumer);
      } catch (error) {
        if (!stopping.signal.aborted)
          log.warn({ error: describeError(error), group }, 'Kafka is away; trying again');
        topics.forget();
        await trouble.pause(stopping.signal);
      } finally {
        await consumer.disconnect().catch(() => {});
      }
    }
  }

  const running = run();
  return {
    started: started.promise,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
