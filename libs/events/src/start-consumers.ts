import type { Knex } from 'knex';
import type { Consumer } from './consumer.ts';
import type { EventLog } from './event-log.ts';
import type { Logger } from './logger.ts';
import type { EventMetrics } from './metrics.ts';

export interface Retry {
  /** How often a handler is tried before the event goes to the dead-letter topic. Default 6. */
  attempts?: number;
  /** Pause after the first failure in milliseconds, doubled each time. Default 200. */
  pause?: number;
  /** Longest pause in milliseconds. Default 30 000. */
  longestPause?: number;
}

export interface StartConsumers {
  service: string;
  consumers: readonly Consumer[];
  knex: Knex;
  eventLog: EventLog;
  log: Logger;
  retry?: Retry;
  metrics?: EventMetrics;
}

export async function startConsumers(_options: StartConsumers): Promise<{ stop(): Promise<void> }> {
  throw new Error('not built yet');
}
