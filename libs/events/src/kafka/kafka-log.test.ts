import { it } from 'vitest';
import { eventLogContract } from '../event-log.contract.ts';
import { silent } from '../testing/garden.ts';
import { kafkaEventLog } from './log.ts';

const brokers = process.env.TEST_KAFKA_BROKERS;
const SKIPPED =
  'SKIPPED: Kafka as an event log. TEST_KAFKA_BROKERS is not set; npm test sets it where Java and Maven are';

if (brokers) {
  eventLogContract('Kafka', async () =>
    kafkaEventLog({ brokers: brokers.split(','), log: silent, sessionTimeout: 6000 }),
  );
} else {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => {});
}
