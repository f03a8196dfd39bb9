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

const LEVELS = { [logLevel.ERROR]: 'warn', [logLevel.WARN]: 'warn', [logLevel.INFO]: 'debug' } as const;

/** What fails is tried again by the relay and the subscriptions, and said there: kafkajs' own errors are warnings. */
export function kafkaClient({ brokers, log, tls, sasl }: KafkaLogOptions): Kafka {
  const config: KafkaConfig = {
    clientId: 'rivergate',
    brokers,
    ssl: tls ?? false,
    sasl: sasl as SASLOptions | undefined,
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 4 },
    logLevel: logLevel.INFO,
    logCreator:
      () =>
      ({ level, namespace, log: { message, error } }) => {
        const method = LEVELS[level as keyof typeof LEVELS] ?? 'debug';
        log[method]({ ...(error && { reason: String(error) }) }, `kafkajs ${namespace}: ${message}`);
      },
  };
  return new Kafka(config);
}
