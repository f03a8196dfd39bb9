import { expect, it } from 'vitest';
import { eventLogFromEnv } from './from-env.ts';
import { silent } from './testing/inventory.ts';

it('refuses to start without an event log, saying which variable to set', () => {
  expect(() => eventLogFromEnv({}, silent)).toThrow('KAFKA_BROKERS');
});

it('refuses numbers that are none', () => {
  const env = { KAFKA_BROKERS: 'localhost:1', KAFKA_TOPIC_PARTITIONS: 'many' };
  expect(() => eventLogFromEnv(env, silent)).toThrow('KAFKA_TOPIC_PARTITIONS');
  expect(() => eventLogFromEnv({ EVENT_LOG_URL: 'postgres://x', EVENT_RETENTION_DAYS: '0' }, silent)).toThrow(
    'EVENT_RETENTION_DAYS',
  );
});

it('connects to nothing before it is used', async () => {
  const unreachable = 'postgres://nobody@127.0.0.1:1/none';
  for (const env of [{ KAFKA_BROKERS: '127.0.0.1:1' }, { EVENT_LOG_URL: unreachable }]) {
    const log = eventLogFromEnv(env, silent);
    await log.close();
  }
});
