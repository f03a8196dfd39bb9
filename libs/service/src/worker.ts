import { setTimeout as elapsed } from 'node:timers/promises';
import type { Log } from '@rivergate/endpoint';
import { backoff, bell } from '@rivergate/events';
import type { Knex } from 'knex';

/**
 * Work at rows whose time has come, outside of any transaction and several at once, by every process of the service. What
 * waits for others belongs here and not into a schedule, where all others would wait with it.
 */
export interface Worker<Tools, Row = unknown, Result = unknown> {
  name: string;
  /** Rows that one process has in hand at the same time. */
  slots: number;
  /**
   * Takes rows that are due. They are this process's for longer than the work at one can take, and due again after that:
   * whatever becomes of the process, none is lost.
   */
  claim(tools: Tools, most: number): Promise<Row[]>;
  /** Works at one. Where it throws, the row comes again when its claim has run out. */
  work(tools: Tools, row: Row): Promise<Result>;
  /**
   * Writes down what came of rows, where the work does not do that itself. It may come again with the same ones, where the
   * database was away.
   */
  settle?(tools: Tools, results: Result[]): Promise<void>;
  /** What came of a row, for metrics: one of a few words. Without it, `done`. */
  outcomeOf?(result: Result): string;
}

export interface WorkerMetrics {
  inHand(worker: string, change: 1 | -1): void;
  /** @param outcome `failed` where the work threw */
  worked(worker: string, outcome: string, seconds: number): void;
}

/** Milliseconds after which a worker looks by itself. */
const LOOK = 1_000;
/** Milliseconds between two looks, in which what is then done together gathers. */
const GATHER = 5;
/** Milliseconds that a stop waits for the rows in hand. */
const PATIENCE = 3_000;

/**
 * The workers of this process by the configuration of their database: what a knex instance has in common with its
 * transactions.
 */
const awake = new WeakMap<object, Map<string, () => void>>();

/** Has the worker of this process look once the transaction is committed: there is a row that is due. */
export function wakeAfterCommit(db: Knex.Transaction, { name }: { name: string }): void {
  const wake = () => awake.get(db.client.config)?.get(name)?.();
  db.executionPromise?.then(wake, () => {});
}

export function startWorkers<Tools extends { knex: Knex; log: Log }>(
  workers: readonly Worker<Tools>[],
  tools: Tools,
  metrics: WorkerMetrics,
): { stop(): Promise<void> } {
  const running = workers.map(worker => start(worker, tools, metrics));
  awake.set(tools.knex.client.config, new Map(running.map(({ name, wake }) => [name, wake])));
  return {
    async stop() {
      await Promise.all(running.map(({ stop }) => stop()));
    },
  };
}

function start<Tools extends { log: Log }>(worker: Worker<Tools>, tools: Tools, metrics: WorkerMetrics) {
  const { name, slots } = worker;
  const stopping = new AbortController();
  const { signal } = stopping;
  const wake = bell();
  const trouble = backoff(100, 5_000);
  const atWork = new Set<Promise<void>>();
  const done: unknown[] = [];

  function take(row: unknown): void {
    const began = performance.now();
    const worked = (outcome: string) => metrics.worked(name, outcome, (performance.now() - began) / 1_000);
    metrics.inHand(name, 1);
    const work = worker
      .work(tools, row)
      .then(
        result => {
          done.push(result);
          worked(worker.outcomeOf?.(result) ?? 'done');
        },
        cause => {
          tools.log.error({ err: cause, worker: name }, 'The work at a row failed');
          worked('failed');
        },
      )
      .finally(() => {
        metrics.inHand(name, -1);
        atWork.delete(work);
        wake.ring();
      });
    atWork.add(work);
  }

  async function settle(): Promise<void> {
    if (done.length === 0) return;
    const results = done.slice();
    await worker.settle?.(tools, results);
    done.splice(0, results.length);
  }

  async function turn(): Promise<void> {
    await settle();
    const room = slots - atWork.size - done.length;
    if (room > 0) for (const row of await worker.claim(tools, room)) take(row);
  }

  const loop = (async () => {
    while (!signal.aborted) {
      try {
        await turn();
        trouble.reset();
      } catch (cause) {
        tools.log.error({ err: cause, worker: name }, 'A worker could not reach its rows');
        await trouble.pause(signal);
      }
      await wake.heard(LOOK, signal);
      await elapsed(GATHER);
    }
  })();

  return {
    name,
    wake: wake.ring,
    async stop() {
      stopping.abort();
      await loop;
      await Promise.race([Promise.all(atWork), elapsed(PATIENCE, undefined, { ref: false })]);
      await settle();
    },
  };
}
