import type { Logger as PinoLogger } from 'pino';

/** The part of pino's logger that is used here. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>;
