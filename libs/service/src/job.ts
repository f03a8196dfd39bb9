import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Client } from 'pg';

/** Work that a service does from time to time, in one process of the fleet at once. */
export interface Job<Tools> {
  name: string;
  /** Seconds between two runs. */
  every: number;
  run(tools: Tools): Promise<void>;
}

/**
 * Runs each job at its interval, one after the other: the first runs are spread over the interval, so that jobs of the
 * same interval do not come due together, and those that do wait for each other instead of sharing the connections of
 * the requests. A run that fails is logged and comes again at its time.
 */
export function startJobs<Tools extends { knex: Knex; log: Log }>(
  jobs: readonly Job<Tools>[],
  tools: Tools,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const lock = jobLock(tools);
  const running = jobs.length > 0 ? loop() : Promise.resolve();

  async function loop(): Promise<void> {
    const began = performance.now();
    const schedule = jobs.map((job, index) => ({
      job,
      dueAt: began + (job.every * 1_000 * (index + 1)) / jobs.length,
    }));
    while (!stopping.signal.aborted) {
      const next = schedule.reduce((first, other) => (other.dueAt < first.dueAt ? other : first));
      const wait = Math.max(0, next.dueAt - performance.now());
      await pause(wait, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
      if (stopping.signal.aborted) return;
      await runOnce(next.job);
      next.dueAt = performance.now() + next.job.every * 1_000;
    }
  }

  async function runOnce(job: Job<Tools>): Promise<void> {
    try {
      await lock.whileHeld(job.name, () => job.run(tools));
    } catch (cause) {
      tools.log.error({ err: cause, job: job.name }, 'A job failed');
    }
  }

  return {
    async stop() {
      stopping.abort();
      await running;
      await lock.release();
    },
  };
}

/**
 * The advisory locks of a process's jobs, on a connection outside the pool: a lock that is held takes no connection
 * from what the job itself does. A connection that breaks loses its lock, and the next run opens another.
 */
function jobLock({ knex, log }: { knex: Knex; log: Log }) {
  let client: Client | undefined;

  async function connected(): Promise<Client> {
    if (client) return client;
    const opened: Client = await knex.client.acquireRawConnection();
    opened.on('error', cause => {
      log.warn({ reason: cause.message }, 'The connection of the jobs broke');
      if (client === opened) client = undefined;
    });
    client = opened;
    return opened;
  }

  const key = "hashtextextended('rivergate job ' || current_schema() || ' ' || $1, 0)";
  return {
    /** Does the work unless another process holds the lock of that name. */
    async whileHeld(name: string, work: () => Promise<void>): Promise<void> {
      const session = await connected();
      const { rows } = await session.query(`select pg_try_advisory_lock(${key}) as mine`, [name]);
      if (!rows[0].mine) return;
      try {
        await work();
      } finally {
        await session.query(`select pg_advisory_unlock(${key})`, [name]).catch(() => {});
      }
    },
    async release(): Promise<void> {
      await client?.end().catch(() => {});
    },
  };
}
