import type { Log } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** Work that a service does from time to time, in one process of the fleet at once. */
export interface Job<Tools> {
  name: string;
  /** Seconds between two runs. */
  every: number;
  run(tools: Tools): Promise<void>;
}

/** Starts the clock of each job. A run that fails is logged and comes again at its time. */
export function startJobs<Tools extends { knex: Knex; log: Log }>(
  jobs: readonly Job<Tools>[],
  tools: Tools,
): { stop(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const timers = jobs.map(job =>
    setInterval(() => {
      const run = runOnce(job, tools)
        .catch(cause => tools.log.error({ err: cause, job: job.name }, 'A job failed'))
        .finally(() => running.delete(run));
      running.add(run);
    }, job.every * 1_000).unref(),
  );
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}

/** Runs the job unless another process is at it now. */
async function runOnce<Tools extends { knex: Knex }>(job: Job<Tools>, tools: Tools): Promise<void> {
  await tools.knex.transaction(async db => {
    const { rows } = await db.raw(
      "select pg_try_advisory_xact_lock(hashtextextended('rivergate job ' || current_schema() || ' ' || ?, 0)) as mine",
      [job.name],
    );
    if (rows[0].mine) await job.run(tools);
  });
}
