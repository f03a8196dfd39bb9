import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '@rivergate/redis';
import { Queue, Worker } from 'bullmq';
import { attach } from './attached.ts';
import { jobChanges } from './changes.ts';
import { claimTurn, waitingJobs } from './claim.ts';
import { carryOutSlice } from './slice.ts';
import type { Workshop } from './workshop.ts';

export interface JobWorkersOptions extends Workshop {
  redisUrl: string;
  /** Slices that this process works on at once. */
  slots: number;
}

export interface JobWorkers {
  /** Lets the items in hand end, and leaves the rest to others. */
  stop(): Promise<void>;
}

/** In braces, so that all keys of a queue are in one slot of a cluster. */
const PREFIX = '{rivergate}';
const SWEEP_EVERY = 1_000;
/** Milliseconds after which a worker that lost Redis looks for it again. */
const RETRY_DELAY = 1_000;
/** Milliseconds that a stop waits for the items in hand. */
const PATIENCE = 5_000;

/**
 * Works at the jobs of a service. Rows in PostgreSQL say what there is to do and whose turn it is; a BullMQ job is an
 * alarm clock without any content, for whichever worker is free. Where a crash, or Redis, loses one, the sweep sets
 * another.
 */
export function startJobWorkers({ redisUrl, slots, ...workshop }: JobWorkersOptions): JobWorkers {
  const { service, kinds, knex, redis, log, metrics } = workshop;
  const forRinging = connectRedis(redisUrl, log, 'waits');
  const forWork = connectRedis(redisUrl, log, 'queues');
  const name = `jobs-${service}`;
  const changes = jobChanges(redis, service, log);
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
    if (!inTrouble && !stopping) log.warn({ reason: String(cause) }, 'The alarm clock of jobs is in trouble');
    inTrouble = true;
  };
  queue.on('error', trouble);
  worker.on('error', trouble);
  worker.on('failed', (_, cause) => log.error({ err: cause }, 'A slice of a job failed'));

  const ring = (seconds = 0) =>
    queue.add('turn', {}, { delay: Math.ceil(seconds * 1_000) }).then(() => {
      inTrouble = false;
    }, trouble);

  /** Whoever found work rings again: there may be more, of this job or of others. */
  async function answer(): Promise<void> {
    if (stopping) return;
    const turn = await claimTurn(knex, kinds);
    if (!turn) return;
    const { kind, id } = turn.job;
    metrics.working?.(kind, 1);
    try {
      const wait = await carryOutSlice(turn, workshop, {
        stopping: () => stopping,
        progressed: () => changes.tell(id),
      });
      if (wait) await ring(wait);
    } finally {
      metrics.working?.(kind, -1);
      await ring();
    }
  }

  async function sweep(): Promise<void> {
    const waiting = await waitingJobs(knex);
    metrics.waiting?.(waiting);
    if (waiting.size === 0 || (await queue.getWaitingCount()) > 0) return;
    const jobs = [...waiting.values()].reduce((sum, count) => sum + count);
    for (let count = 0; count < Math.min(jobs, slots); count++) await ring();
  }
  let sweeping = false;
  const timer = setInterval(() => {
    if (sweeping) return;
    sweeping = true;
    sweep()
      .catch(trouble)
      .finally(() => {
        sweeping = false;
      });
  }, SWEEP_EVERY).unref();

  attach(knex, {
    ring: () => void ring(),
    changed: jobId => changes.tell(jobId),
    follow: (jobId, look) => changes.follow(jobId, look),
  });

  return {
    async stop() {
      stopping = true;
      clearInterval(timer);
      changes.stop();
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
