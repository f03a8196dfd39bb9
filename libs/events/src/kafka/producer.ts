import { type Kafka, Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import type { LogRecord } from '../event-log.ts';
import type { Topics } from './topics.ts';

/** Of the messages sent at once, in bytes: a broker takes 1 MiB in one batch unless told otherwise. */
const LARGEST_BATCH = 700 * 1024;

type Message = { topic: string; key: string; value: string };

function* batches(records: LogRecord[]): Generator<Message[]> {
  let batch: Message[] = [];
  let bytes = 0;
  for (const { topic, key, event } of records) {
    const value = JSON.stringify(event);
    const size = Buffer.byteLength(value) + Buffer.byteLength(key) + 100;
    if (batch.length > 0 && bytes + size > LARGEST_BATCH) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ topic, key, value });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function byTopic(batch: Message[]): TopicMessages[] {
  const grouped = Map.groupBy(batch, message => message.topic);
  return [...grouped].map(([topic, messages]) => ({
    topic,
    messages: messages.map(({ key, value }) => ({
      key,
      value,
      headers: { 'content-type': 'application/cloudevents+json' },
    })),
  }));
}

export interface Publisher {
  publish(records: LogRecord[]): Promise<void>;
  close(): Promise<void>;
}

export function kafkaPublisher(kafka: Kafka, topics: Topics): Publisher {
  let current: Promise<Producer> | undefined;

  function producer(): Promise<Producer> {
    current ??= (async () => {
      const created = kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        createPartitioner: Partitioners.DefaultPartitioner,
        // Against what passes in a second; for the rest the relay comes again.
        retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 2 },
      });
      await created.connect();
      return created;
    })();
    return current;
  }

  /**
   * After a failure the broker may or may not have what was sent, under a sequence number that the producer would give
   * out again: the broker would drop the next batch as a duplicate. So a producer that failed is never used again.
   */
  function discard(): void {
    const failed = current;
    current = undefined;
    failed?.then(created => created.disconnect()).catch(() => {});
    topics.forget();
  }

  return {
    async publish(records) {
      try {
        await topics.ensure(records.map(record => record.topic));
        const sender = await producer();
        for (const batch of batches(records))
          await sender.sendBatch({ acks: -1, topicMessages: byTopic(batch) });
      } catch (error) {
        discard();
        throw error;
      }
    },
    async close() {
      await current?.then(created => created.disconnect()).catch(() => {});
    },
  };
}
