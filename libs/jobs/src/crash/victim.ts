/**
 * A process for crash tests: workers of the `policy` service that write notes. At the point named by CRASH_AT it kills
 * itself with SIGKILL, as `kill -9` would: no handler runs, no connection is closed in order.
 */
import { connectRedis } from '@rivergate/redis';
import { connectDatabase, createLog } from '@rivergate/service';
import type { JobKind } from '../kind.ts';
import { type Hooks, writingNotes } from '../testing/notes.ts';
import { startJobWorkers } from '../workers.ts';

export const CRASH_POINTS = [
  'turn: after the claim, before the first item',
  'item: before its transaction',
  'item: after the effect, before the commit',
  'item: after the commit',
  'turn: after the last item, before the next ring',
] as const;

export interface VictimEnvironment {
  DATABASE_URL: string;
  REDIS_URL: string;
  CRASH_AT?: (typeof CRASH_POINTS)[number];
  /** How many times the point is passed before it kills. */
  CRASH_AFTER?: string;
}

function main(): void {
  const env = process.env as unknown as VictimEnvironment;
  let passes = Number(env.CRASH_AFTER ?? 0);
  const point = (name: (typeof CRASH_POINTS)[number]) => {
    if (env.CRASH_AT === name && passes-- === 0) process.kill(process.pid, 'SIGKILL');
  };
  const knex = connectDatabase(env.DATABASE_URL, 'policy', 6);
  const log = createLog('victim', 'silent');
  const hooks: Hooks = {
    // What an item does elsewhere: seen by nobody's transaction, told apart by its key.
    async prepare(_, key) {
      point('item: before its transaction');
      await knex('calls').insert({ key });
    },
    after: () => point('item: after the effect, before the commit'),
  };
  startJobWorkers({
    service: 'policy',
    kinds: new Map([[writingNotes.spec.name, writingNotes as JobKind]]),
    knex,
    redis: connectRedis(env.REDIS_URL, log, 'waits'),
    redisUrl: env.REDIS_URL,
    slots: 2,
    log,
    tools: { hooks },
    standing: async starter => ({ ...starter, isMember: true, permissions: ['policy.write'] }),
    metrics: {
      working: (_, change) =>
        point(
          change === 1
            ? 'turn: after the claim, before the first item'
            : 'turn: after the last item, before the next ring',
        ),
      tried: () => point('item: after the commit'),
    },
  });
}

if (import.meta.main) main();
