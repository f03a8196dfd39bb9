import { type Logger, pino } from 'pino';

/** Milliseconds after which a line has left the process, and bytes that are written at once before that. */
const FLUSH_INTERVAL = 250;
const BUFFER = 8_192;

export type AccessLog = { log: Logger; stop(): void };

/**
 * The log of requests: one JSON line each, in the form of the services' logs. It takes known, harmless fields only,
 * so nothing is redacted, and it is written in batches: both together cost less than a write of the line alone.
 */
export function accessLog(level: string): AccessLog {
  const destination = pino.destination({ fd: 1, sync: false, minLength: BUFFER });
  // A closed pipe or a full disk is no reason to refuse requests.
  destination.on('error', () => {});
  const log = pino(
    {
      name: 'gateway',
      level,
      base: { service: 'gateway' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    destination,
  );
  const timer = setInterval(() => destination.flush(), FLUSH_INTERVAL);
  timer.unref();
  return {
    log,
    stop() {
      clearInterval(timer);
      destination.flushSync();
    },
  };
}
