import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '@rivergate/redis';
import { Queue, Worker } from 'bullmq';

export interface AlarmClockOptions {
  /** Of the kind of work, for each service another one: `mail-identity`. */
  name: string;
  redisUrl: string;
  log: {
    warn(facts: object, message: string): void;
    error(facts: object, message: string): void;
  };
  /** Turns that this process takes at once. */
  slots: number;
  /** Takes up what is due, and does some of it. @returns whether anything was due */
  turn(): Promise<boolean>;
  /** How many turns could be taken at once by now, of all processes together. */
  due(): Promise<number>;
}

export interface AlarmClock {
  /** Wakes one worker of all processes: there is work. Never rejects; without Redis the work is found a moment later. */
  ring(): Promise<void>;
  /** Lets turns that were taken end, and takes no more. */
  stop(): Promise<void>;
}

/** In braces, so that all keys of a queue are in one slot of a cluster. */
const PREFIX = '{rivergate}';
/** Milliseconds between two looks for work for which nobody rang. */
const LOOK_EVERY = 1_000;
/** Milliseconds after which a worker that lost Redis looks for it again. */
const RETRY_DELAY = 1_000;
/** Milliseconds that a stop waits for turns that were taken. */
const PATIENCE = 5_000;

/**
 * Wakes workers of rows in PostgreSQL, by BullMQ. Rows say what there is to do, who is at it and when it is due again;
 * what is queued has no content. So Redis may lose it or have it twice: every second somebody looks whether anything is
 * due for which nobody will be woken.
 */
export function startAlarmClock({ name, redisUrl, log, slots, turn, due }: AlarmClockOptions): AlarmClock {
  const forRinging = connectRedis(redisUrl, log, 'waits');
  const forWork = connectRedis(redisUrl, log, 'queues');
  let stopping = false;
  let inTrouble = false;

  const queue = new Queue(name, { connection: forRinging, prefix: PREFIX });
  const worker = new Worker(name, answer, {
    connection: forWork,
    prefix: PREFIX,
    concurrency: slots,
    runRetryDelay: RETRY_DELAY,
    // Seconds after which an idle worker looks by itself: no ring is overheard for longer.
    drainDelay: 1,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  const trouble = (cause: unknown) => {
    if (!inTrouble && !stopping)
      log.warn({ queue: name, reason: String(cause) }, 'An alarm clock is in trouble');
    inTrouble = true;
  };
  queue.on('error', trouble);
  worker.on('error', trouble);
  worker.on('failed', (_, cause) => log.error({ queue: name, err: cause }, 'Work of an alarm clock failed'));

  const ring = () =>
    queue.add('ring', {}).then(() => {
      inTrouble = false;
    }, trouble);

  /** Whoever found work rings again: there may be more. */
  async function answer(): Promise<void> {
    if (!stopping && (await turn())) await ring();
  }

  async function look(): Promise<void> {
    const turns = await due();
    if (turns === 0 || (await queue.getWaitingCount()) > 0) return;
    for (let count = 0; count < Math.min(turns, slots); count++) await ring();
  }
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch(trouble)
      .finally(() => {
        looking = false;
      });
  }, LOOK_EVERY).unref();

  return {
    ring,
    async stop() {
      stopping = true;
      clearInterval(timer);
      const closed = Promise.all([worker.close(), queue.close()]).then(() => true);
      closed.catch(() => {});
      // Without Redis there is nobody to say goodbye to, and BullMQ would wait for it for ever.
      if (!(await Promise.race([closed, pause(PATIENCE, false, { ref: false })]))) {
        worker.disconnect().catch(() => {});
        queue.disconnect().catch(() => {});
      }
      for (const connection of [forRinging, forWork]) connection.disconnect();
    },
  };
}
