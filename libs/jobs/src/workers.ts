import { startAlarmClock } from '@rivergate/alarm-clock';
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

/** Works at the jobs of a service. Rows in PostgreSQL say what there is to do and whose turn it is. */
export function startJobWorkers({ redisUrl, slots, ...workshop }: JobWorkersOptions): JobWorkers {
  const { service, kinds, knex, redis, log, metrics } = workshop;
  const changes = jobChanges(redis, service, log);
  let stopping = false;

  async function turn(): Promise<boolean> {
    const claimed = await claimTurn(knex, kinds);
    if (!claimed) return false;
    const { kind, id } = claimed.job;
    metrics.working?.(kind, 1);
    try {
      await carryOutSlice(claimed, workshop, {
        stopping: () => stopping,
        progressed: () => changes.tell(id),
      });
    } finally {
      metrics.working?.(kind, -1);
    }
    return true;
  }

  async function due(): Promise<number> {
    const waiting = await waitingJobs(knex);
    metrics.waiting?.(waiting);
    return [...waiting.values()].reduce((sum, count) => sum + count, 0);
  }

  const clock = startAlarmClock({ name: `jobs-${service}`, redisUrl, log, slots, turn, due });

  attach(knex, {
    ring: () => void clock.ring(),
    changed: jobId => changes.tell(jobId),
    follow: (jobId, look) => changes.follow(jobId, look),
  });

  return {
    async stop() {
      stopping = true;
      changes.stop();
      await clock.stop();
    },
  };
}
