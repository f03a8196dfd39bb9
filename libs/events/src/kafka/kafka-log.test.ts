import { testKafka } from '@rivergate/testing/on-demand';
import { it } from 'vitest';
import { eventLogContract } from '../event-log.contract.ts';
import { silent } from '../testing/inventory.ts';
import { kafkaEventLog } from './log.ts';

const { value: brokers, reason } = await testKafka();

if (brokers) {
  eventLogContract('Kafka', async () =>
    kafkaEventLog({ brokers: brokers.split(','), log: silent, sessionTimeout: 6000 }),
  );
} else {
  it.skip(`Kafka as an event log: ${reason}`, () => {});
}
