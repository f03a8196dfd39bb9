import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import type { Logger } from '../logger.ts';

export interface KafkaLogOptions {
  /** `host:port` */
  brokers: string[];
  log: Logger;
  tls?: boolean;
  sasl?: { mechanism: string; username: string; password: string };
  /** Partitions and copies of topics made here; the broker's defaults where not set. */
  partitions?: number;
  replication?: number;
  /** For topics made here; their events are kept for ever when not set. */
  retentionDays?: number;
  /** After how many milliseconds of silence a group gives up a member. Default 10 000. */
  sessionTimeout?: number;
}

/**
 * kafkajs' own log is for debugging: it calls every refused connection an error. What fails is tried again, and
 * warned of, by the relay and the subscriptions.
 */
export function kafkaClient({ brokers, log, tls, sasl }: KafkaLogOptions): Kafka {
  const config: KafkaConfig = {
    clientId: 'rivergate',
    brokers,
    ssl: tls ?? false,
    sasl: sasl as SASLOptions | undefined,
    connectionTimeout: 3000,
    requestTimeout: 5000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 4 },
    logLevel: logLevel.INFO,
    logCreator:
      () =>
      ({ namespace, log: { message, error } }) =>
        log.debug({ ...(error && { reason: String(error) }) }, `kafkajs ${namespace}: ${message}`),
  };
  return new Kafka(config);
}
