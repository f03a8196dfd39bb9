import { setTimeout as elapsed } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { EventLog, Subscription } from '../event-log.ts';
import { type KafkaLogOptions, kafkaClient } from './client.ts';
import { kafkaPublisher } from './producer.ts';
import { kafkaSubscription } from './subscription.ts';
import { kafkaTopics } from './topics.ts';

const READY_TIMEOUT = 2000;

/** The event log of a cluster. Why kafkajs, and against which release: docs/decisions/0003-kafka-client.md */
export function kafkaEventLog(options: KafkaLogOptions): EventLog {
  const { log, sessionTimeout = 10_000 } = options;
  const kafka = kafkaClient(options);
  const subscriptions = new Set<Subscription>();
  let connecting: Promise<Admin> | undefined;

  function admin(): Promise<Admin> {
    connecting ??= (async () => {
      const client = kafka.admin();
      await client.connect().catch(error => {
        connecting = undefined;
        throw error;
      });
      return client;
    })();
    return connecting;
  }

  const topics = kafkaTopics(admin, options);
  const publisher = kafkaPublisher(kafka, topics);

  async function topicLag(client: Admin, group: string, topic: string): Promise<number> {
    const [written, groups] = await Promise.all([
      client.fetchTopicOffsets(topic),
      client.fetchOffsets({ groupId: group, topics: [topic] }),
    ]);
    const committed = new Map(
      groups[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
    return written
      .map(({ partition, high, low }) => Number(high) - Math.max(committed.get(partition) ?? -1, Number(low)))
      .reduce((sum, behind) => sum + Math.max(0, behind), 0);
  }

  return {
    async publish(records) {
      if (records.length > 0) await publisher.publish(records);
    },
    async subscribe(subscribe) {
      const running = kafkaSubscription({ kafka, topics, subscribe, sessionTimeout, log });
      const subscription: Subscription = {
        started: running.started,
        async stop() {
          await running.stop();
          subscriptions.delete(subscription);
        },
      };
      subscriptions.add(subscription);
      return subscription;
    },
    async lag(group, names) {
      await topics.ensure(names);
      const client = await admin();
      const behind = await Promise.all(names.map(topic => topicLag(client, group, topic)));
      return behind.reduce((sum, each) => sum + each, 0);
    },
    async ready() {
      const answer = admin()
        .then(client => client.describeCluster())
        .then(({ brokers }) => brokers.length > 0);
      const late = new AbortController();
      const silence = elapsed(READY_TIMEOUT, false, { signal: late.signal }).catch(() => false);
      return Promise.race([answer, silence])
        .catch(() => false)
        .finally(() => late.abort());
    },
    async close() {
      await Promise.all([...subscriptions].map(subscription => subscription.stop()));
      await publisher.close();
      await connecting?.then(client => client.disconnect()).catch(() => {});
    },
  };
}
