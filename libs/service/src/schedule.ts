import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Client } from 'pg';

/** Work that a service does from time to time, in one process of the fleet at once. */
export interface Schedule<Tools> {
  name: string;
  /** Seconds between two runs. */
  every: number;
  run(tools: Tools): Promise<void>;
}

/**
 * Runs each schedule at its interval, one after the other: the first runs are spread over the interval, so that
 * schedules of the same interval do not come due together, and those that do wait for each other instead of sharing the
 * connections of the requests. A run that fails is logged and comes again at its time.
 */
export function startSchedules<Tools extends { knex: Knex; log: Log }>(
  schedules: readonly Schedule<Tools>[],
  tools: Tools,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const lock = scheduleLock(tools);
  const running = schedules.length > 0 ? loop() : Promise.resolve();

  async function loop(): Promise<void> {
    const began = performance.now();
    const times = schedules.map((schedule, index) => ({
      schedule,
      dueAt: began + (schedule.every * 1_000 * (index + 1)) / schedules.length,
    }));
    while (!stopping.signal.aborted) {
      const next = times.reduce((first, other) => (other.dueAt < first.dueAt ? other : first));
      const wait = Math.max(0, next.dueAt - performance.now());
      await pause(wait, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
      if (stopping.signal.aborted) return;
      await runOnce(next.schedule);
      next.dueAt = performance.now() + next.schedule.every * 1_000;
    }
  }

  async function runOnce(schedule: Schedule<Tools>): Promise<void> {
    try {
      await lock.whileHeld(schedule.name, () => schedule.run(tools));
    } catch (cause) {
      tools.log.error({ err: cause, schedule: schedule.name }, 'A scheduled run failed');
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
 * The advisory locks of a process's schedules, on a connection outside the pool: a lock that is held takes no connection
 * from what the run itself does. A connection that breaks loses its lock, and the next run opens another.
 */
function scheduleLock({ knex, log }: { knex: Knex; log: Log }) {
  let client: Client | undefined;

  async function connected(): Promise<Client> {
    if (client) return client;
    const opened: Client = await knex.client.acquireRawConnection();
    opened.on('error', cause => {
      log.warn({ reason: cause.message }, 'The connection of the schedules broke');
      if (client === opened) client = undefined;
    });
    client = opened;
    return opened;
  }

  const key = "hashtextextended('rivergate schedule ' || current_schema() || ' ' || $1, 0)";
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
