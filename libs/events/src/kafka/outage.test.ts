import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, startBroker } from '@rivergate/kafka';
import { testKafka } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { outageContract } from '../outage.contract.ts';
import { silent } from '../testing/inventory.ts';
import { kafkaEventLog } from './log.ts';

const { value: brokers, reason } = await testKafka();

if (brokers) {
  // A broker of its own, that can be taken away while other tests use theirs.
  describe('Kafka', () => {
    let dataDir: string;
    let broker: Broker;
    const start = async () => {
      const cacheDir = process.env.TEST_KAFKA_CACHE ?? join(tmpdir(), 'rivergate-kafka');
      const started = await startBroker({ dataDir, cacheDir, log: console.log });
      if (started.brokers === null) throw new Error(started.reason);
      broker = started;
    };
    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'kafka-outage-'));
      await start();
    }, 120_000);
    afterAll(async () => {
      await broker?.stop();
      await rm(dataDir, { recursive: true, force: true });
    });
    const open = () => kafkaEventLog({ brokers: [broker.brokers], log: silent, sessionTimeout: 6000 });

    outageContract('the broker is stopped', { open, begin: () => broker.stop(), end: start });
    outageContract('the broker was killed', { open, begin: () => broker.kill(), end: start });
    outageContract('the broker hangs', {
      open,
      begin: async () => void process.kill(broker.pid, 'SIGSTOP'),
      end: async () => void process.kill(broker.pid, 'SIGCONT'),
    });
  });
} else {
  it.skip(`outages of Kafka: ${reason}`, () => {});
}
