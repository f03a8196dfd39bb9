import { backoff } from '../backoff.ts';
import { bell } from '../bell.ts';
import { describeError } from '../describe-error.ts';
import type { Subscribe, Subscription } from '../event-log.ts';
import type { Logger } from '../logger.ts';
import type { Connect, Connection } from './connection.ts';
import { type Feed, feed } from './feed.ts';
import { CHANNEL } from './schema.ts';
import { type Tail, tail } from './tail.ts';

export interface Reader {
  subscribe(subscribe: Subscribe): Subscription;
  close(): Promise<void>;
}

/**
 * All subscriptions of a process over one connection: it listens, holds the locks that make this process the one
 * that reads a topic for a group, fetches and commits. A reader whose connection broke can therefore commit nothing
 * after another took its place.
 */
export function reader(connect: Connect, log: Logger): Reader {
  const closing = new AbortController();
  const feeds = new Set<Feed>();
  const changed = bell();
  let running: Promise<void> | undefined;

  async function session(connection: Connection): Promise<void> {
    const broken = new AbortController();
    const lost = () => {
      broken.abort();
      changed.ring();
    };
    connection.onEnd(lost);
    connection.onNotification(payload => {
      for (const each of feeds) if (each.topic === payload) each.wake.ring();
    });
    await connection.query(`set synchronous_commit = off; listen ${CHANNEL}`);
    const reading = new Map<Feed, Promise<void>>();
    const tails = new Map<string, Tail>();
    const tailOf = (topic: string) =>
      tails.get(topic) ?? tails.set(topic, tail(connection, topic)).get(topic)!;
    const failures: unknown[] = [];
    const signal = AbortSignal.any([broken.signal, closing.signal]);
    while (!signal.aborted) {
      for (const each of feeds) {
        if (reading.has(each)) continue;
        const done = each.read(connection, tailOf(each.topic), signal).catch(error => {
          failures.push(error);
          lost();
        });
        reading.set(each, done);
      }
      await changed.heard(60_000, signal);
    }
    await Promise.all(reading.values());
    if (broken.signal.aborted) throw failures[0] ?? new Error('Connection terminated');
  }

  async function run(): Promise<void> {
    const trouble = backoff(50, 5000);
    while (!closing.signal.aborted) {
      let connection: Connection | undefined;
      try {
        connection = await connect('rivergate event log reader');
        trouble.reset();
        await session(connection);
      } catch (error) {
        if (!closing.signal.aborted)
          log.warn({ error: describeError(error) }, 'The event log is away; trying again');
        await trouble.pause(closing.signal);
      } finally {
        await connection?.end();
      }
    }
  }

  return {
    subscribe(subscribe) {
      const own = subscribe.topics.map(topic => feed(subscribe, topic, log));
      for (const each of own) feeds.add(each);
      changed.ring();
      running ??= run();
      return {
        started: Promise.all(own.map(each => each.started)).then(() => {}),
        async stop() {
          await Promise.all(own.map(each => each.stop()));
          for (const each of own) feeds.delete(each);
        },
      };
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
