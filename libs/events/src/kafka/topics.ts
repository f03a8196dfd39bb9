import type { Admin } from 'kafkajs';
import type { KafkaLogOptions } from './client.ts';

const DAY = 86_400_000;

export interface Topics {
  /** Creates those that do not exist; asks the broker only about names not seen before. */
  ensure(names: string[]): Promise<void>;
  /** To be called when the broker knew one of them no more. */
  forget(): void;
}

export function kafkaTopics(admin: () => Promise<Admin>, options: KafkaLogOptions): Topics {
  const { partitions = -1, replication = -1, retentionDays } = options;
  const retention = String(retentionDays ? retentionDays * DAY : -1);
  const known = new Set<string>();
  return {
    async ensure(names) {
      if (names.every(name => known.has(name))) return;
      const client = await admin();
      const existing = new Set(await client.listTopics());
      const topics = [...new Set(names)]
        .filter(name => !existing.has(name))
        .map(topic => ({
          topic,
          numPartitions: partitions,
          replicationFactor: replication,
          configEntries: [{ name: 'retention.ms', value: retention }],
        }));
      // Another process that creates one of them first is no error to kafkajs.
      if (topics.length > 0) await client.createTopics({ topics, waitForLeaders: true });
      for (const name of names) known.add(name);
    },
    forget() {
      known.clear();
    },
  };
}
