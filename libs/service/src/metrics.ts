import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ANSWERED, type Answered, LIMITED, type Limited, publicPath } from '@rivergate/endpoint';
import type { EventMetrics } from '@rivergate/events';
import type { JobMetrics } from '@rivergate/jobs';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { WorkerMetrics } from './worker.ts';

export interface Metrics {
  registry: Registry;
  events: EventMetrics;
  jobs: JobMetrics;
  workers: WorkerMetrics;
  stop(): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Prometheus metrics of one service: the process, its endpoints, its events, its jobs and workers. */
export function serviceMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Histogram({
    name: 'rivergate_endpoint_duration_seconds',
    help: 'Time from a request to its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const refused = new Counter({
    name: 'rivergate_endpoint_rate_limited_total',
    help: 'Requests that a limit of the service refused',
    labelNames: ['class'],
    registers,
  });
  const published = new Counter({
    name: 'rivergate_events_published_total',
    help: 'Events that reached the log',
    registers,
  });
  const publishFailures = new Counter({
    name: 'rivergate_events_publish_failures_total',
    help: 'Batches that the log did not take',
    registers,
  });
  const lag = new Gauge({
    name: 'rivergate_outbox_lag_seconds',
    help: 'Age of the oldest event of the last batch',
    registers,
  });
  const handled = new Histogram({
    name: 'rivergate_event_age_seconds',
    help: 'Time from an event to the end of its handling',
    labelNames: ['consumer', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const handlingFailures = new Counter({
    name: 'rivergate_event_handling_failures_total',
    help: 'Tries of a consumer that failed',
    labelNames: ['consumer'],
    registers,
  });
  const working = new Gauge({
    name: 'rivergate_jobs_running',
    help: 'Jobs that this process is working at',
    labelNames: ['kind'],
    registers,
  });
  const waiting = new Gauge({
    name: 'rivergate_jobs_waiting',
    help: 'Jobs of the service that wait for their turn, as this process last saw them',
    labelNames: ['kind'],
    registers,
  });
  const tried = new Counter({
    name: 'rivergate_job_items_total',
    help: 'Tries of items of jobs by what they came to: done, failed, or to be tried again',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const inHand = new Gauge({
    name: 'rivergate_worker_rows_in_hand',
    help: 'Rows that a worker of this process is working at',
    labelNames: ['worker'],
    registers,
  });
  const worked = new Histogram({
    name: 'rivergate_worker_duration_seconds',
    help: 'Time that the work at a row took, by what it came to; failed: an error of our own',
    labelNames: ['worker', 'outcome'],
    buckets: SECONDS,
    registers,
  });

  const observe = (message: unknown) => {
    const answer = message as Answered;
    if (answer.service !== service) return;
    const { method } = answer.spec;
    requests.observe(
      { method, route: publicPath(answer.spec), status: String(answer.status) },
      answer.seconds,
    );
  };
  const observeRefusal = (message: unknown) => {
    const limited = message as Limited;
    if (limited.service === service) refused.inc({ class: limited.class });
  };
  subscribe(ANSWERED, observe);
  subscribe(LIMITED, observeRefusal);
  return {
    registry,
    events: {
      published(count, age) {
        published.inc(count);
        lag.set(age);
      },
      publishFailed: () => publishFailures.inc(),
      handled: (consumer, _type, outcome, age) => handled.observe({ consumer, outcome }, age),
      handlingFailed: consumer => handlingFailures.inc({ consumer }),
    },
    jobs: {
      working: (kind, change) => working.inc({ kind }, change),
      waiting(byKind) {
        waiting.reset();
        for (const [kind, jobs] of byKind) waiting.set({ kind }, jobs);
      },
      tried: (kind, outcome) => tried.inc({ kind, outcome }),
    },
    workers: {
      inHand: (worker, change) => inHand.inc({ worker }, change),
      worked: (worker, outcome, seconds) => worked.observe({ worker, outcome }, seconds),
    },
    stop: () => {
      unsubscribe(ANSWERED, observe);
      unsubscribe(LIMITED, observeRefusal);
    },
  };
}
