import { createRequire } from 'node:module';
import type { EventLog } from './event-log.ts';
import type { Logger } from './logger.ts';
import { postgresEventLog } from './postgres/log.ts';

export interface EventLogEnvironment {
  [name: string]: string | undefined;
  /** `host:port`, separated by commas */
  KAFKA_BROKERS?: string;
  /** Partitions and copies of a topic created here; the broker's defaults where not set. */
  KAFKA_TOPIC_PARTITIONS?: string;
  KAFKA_TOPIC_REPLICATION?: string;
  /** `true` for TLS */
  KAFKA_TLS?: string;
  /** `plain`, `scram-sha-256` or `scram-sha-512` */
  KAFKA_SASL_MECHANISM?: string;
  KAFKA_SASL_USERNAME?: string;
  KAFKA_SASL_PASSWORD?: string;
  /** Postgres URL of the role `rivergate_events` */
  EVENT_LOG_URL?: string;
  /** Events older than this are deleted; kept for ever when not set. */
  EVENT_RETENTION_DAYS?: string;
}

function positive(env: EventLogEnvironment, name: string): number | undefined {
  const text = env[name];
  if (!text) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a whole number above 0`);
  return value;
}

/** Kafka by `KAFKA_BROKERS`, else the log in Postgres by `EVENT_LOG_URL`. Connects when first used. */
export function eventLogFromEnv(env: EventLogEnvironment, log: Logger): EventLog {
  const retentionDays = positive(env, 'EVENT_RETENTION_DAYS');
  if (env.KAFKA_BROKERS) {
    // kafkajs takes 18 MB: only a process that needs it loads it.
    const { kafkaEventLog }: typeof import('./kafka/log.ts') = createRequire(import.meta.url)(
      './kafka/log.ts',
    );
    const mechanism = env.KAFKA_SASL_MECHANISM;
    return kafkaEventLog({
      brokers: env.KAFKA_BROKERS.split(',').map(broker => broker.trim()),
      log,
      retentionDays,
      partitions: positive(env, 'KAFKA_TOPIC_PARTITIONS'),
      replication: positive(env, 'KAFKA_TOPIC_REPLICATION'),
      tls: env.KAFKA_TLS === 'true',
      sasl: mechanism
        ? { mechanism, username: env.KAFKA_SASL_USERNAME ?? '', password: env.KAFKA_SASL_PASSWORD ?? '' }
        : undefined,
    });
  }
  if (env.EVENT_LOG_URL) return postgresEventLog({ url: env.EVENT_LOG_URL, log, retentionDays });
  throw new Error('No event log: set KAFKA_BROKERS, or EVENT_LOG_URL for the log in Postgres');
}
