/**
 * node libs/events/src/replay.ts [--group <consumer group>] [topic …]
 *
 * Tries dead letters again: those of the given topics, or of all that the catalogue knows. Reads KAFKA_BROKERS or
 * EVENT_LOG_URL.
 */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { catalogue } from './catalogue/index.ts';
import { topicOf } from './declaration.ts';
import { eventLogFromEnv } from './from-env.ts';
import { replayDeadLetters } from './replay-dead-letters.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { group: { type: 'string' } } });
const log = pino();
const eventLog = eventLogFromEnv(process.env, log);
const topics = positionals.length > 0 ? positionals : [...new Set(catalogue.map(topicOf))];
try {
  const replayed = await replayDeadLetters({ eventLog, topics, group: values.group, log });
  log.info({ replayed }, 'Replay finished');
} finally {
  await eventLog.close();
}
