import type { Knex } from 'knex';
import type { EventLog } from './event-log.ts';
import type { Logger } from './logger.ts';
import type { EventMetrics } from './metrics.ts';

export interface StartRelay {
  knex: Knex;
  eventLog: EventLog;
  log: Logger;
  metrics?: EventMetrics;
}

export interface Relay {
  stop(): Promise<void>;
  /** Resolves once the outbox is empty, whichever process's relay emptied it. */
  drained(): Promise<void>;
}

export function startRelay(_options: StartRelay): Relay {
  throw new Error('not built yet');
}
