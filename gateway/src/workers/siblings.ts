import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';
import { channel, type Peer } from './channel.ts';

/** What a gateway's process knows of those that answer on the same port. */
export type Siblings = {
  /** What writes the metrics of all of them, added up, in Prometheus's format; of this one it is given the registry. */
  metricsWith(own: Registry): () => Promise<string>;
  /** Whether each of them has been ready. */
  complete(): boolean | Promise<boolean>;
};

/** Of a gateway that is one process. */
export const alone: Siblings = { metricsWith: own => () => own.metrics(), complete: () => true };

/** Milliseconds. */
const PATIENCE = 3_000;

/** Of a worker: the primary, which started it, asks the others. */
export function siblingsBy(primary: Peer): Siblings {
  let registry: Registry | undefined;
  const { ask } = channel(primary, { metrics: () => registry?.getMetricsAsJSON() ?? [] });
  let complete = false;
  return {
    metricsWith(own) {
      registry = own;
      return async () => {
        const metrics = (await ask('metrics of all', PATIENCE)) as MetricObject[][];
        return AggregatorRegistry.aggregate(metrics).metrics();
      };
    },
    async complete() {
      complete ||= (await ask('all ready', PATIENCE).catch(() => false)) === true;
      return complete;
    },
  };
}
