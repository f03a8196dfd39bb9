import type { EventLog } from './event-log.ts';
import type { Logger } from './logger.ts';

export interface EventLogEnvironment {
  [name: string]: string | undefined;
  KAFKA_BROKERS?: string;
  EVENT_LOG_URL?: string;
}

/** Kafka by `KAFKA_BROKERS`, else the log in Postgres by `EVENT_LOG_URL`. Connects when first used. */
export function eventLogFromEnv(_env: EventLogEnvironment, _log: Logger): EventLog {
  throw new Error('not built yet');
}
