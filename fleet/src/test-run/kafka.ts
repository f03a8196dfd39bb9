import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import { tools } from '../launch/roster.ts';
import type { Guard } from '../processes/guard.ts';
import { missingJavaAndMaven } from '../provision/java-and-maven.ts';
import type { Offer } from './on-demand.ts';

export type KafkaOptions = {
  /** For the data of the broker. */
  directory: string;
  guard: Guard;
  progress: Progress;
  /** What ends it is added here. */
  stopping: (() => Promise<void>)[];
};

/** The broker in KAFKA_BROKERS, else one of this run. */
export async function runKafka({ directory, guard, progress, stopping }: KafkaOptions): Promise<Offer> {
  if (process.env.KAFKA_BROKERS) return { value: process.env.KAFKA_BROKERS };
  const { startBroker } = await import('@rivergate/kafka');
  await missingJavaAndMaven('Set KAFKA_BROKERS to a broker that runs.', progress);
  return await progress.step('Kafka', async () => {
    const broker = await startBroker({
      dataDir: directory,
      cacheDir: join(tools, 'kafka'),
      log: line => progress.note(line),
    });
    if (broker.brokers === null) return { reason: broker.reason };
    stopping.push(broker.stop);
    guard.watch(broker.pid, 'SIGTERM');
    return { value: broker.brokers };
  });
}
