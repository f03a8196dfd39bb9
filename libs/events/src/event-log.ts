import type { CloudEvent } from './envelope.ts';

export interface LogRecord {
  topic: string;
  /** Records of one topic and key keep their order. */
  key: string;
  event: CloudEvent;
}

/** Where a delivered event stood in the log. */
export interface Delivery {
  topic: string;
  key: string;
  partition: number;
  /** Grows within a topic's partition; decimal. */
  position: string;
  /** Aborted when the subscription stops: a handler that waits should give up and throw. */
  signal: AbortSignal;
}

export interface Delivered {
  event: CloudEvent;
  delivery: Delivery;
}

export interface Subscribe {
  /** Each group gets every event; the processes of one group share the work. */
  group: string;
  topics: string[];
  /** What is delivered of them; all when not set. */
  types?: readonly string[];
  /** Where a group starts that was never seen: at the oldest event (the default) or after the newest. */
  fromBeginning?: boolean;
  /** Called for one event of a key at a time. When it throws, the same event comes again, after a growing pause. */
  handle: (event: CloudEvent, delivery: Delivery) => Promise<void>;
  /** Handles some that follow each other at once. @returns false when it did nothing: then they come one by one */
  together?: (delivered: readonly Delivered[]) => Promise<boolean>;
}

export interface Subscription {
  /** Resolves once the group has its place in the log: what is published from then on is delivered. */
  started: Promise<void>;
  /** Waits for the event in hand, commits how far the group is, and leaves. */
  stop(): Promise<void>;
}

/** A durable log of events. Kafka in a cluster, Postgres on one machine; both pass `event-log.contract.ts`. */
export interface EventLog {
  /** Resolves when all records are durable. When it throws, some may have been written all the same. */
  publish(records: LogRecord[]): Promise<void>;
  /** At least once, in order per key. Survives an outage of the log. */
  subscribe(subscribe: Subscribe): Promise<Subscription>;
  /** How many events of the topics the group has not committed yet. */
  lag(group: string, topics: string[]): Promise<number>;
  ready(): Promise<boolean>;
  close(): Promise<void>;
}
