import type { Histogram, Registry } from 'prom-client';

/** Upper bounds of the buckets, in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Labels = Record<string, string>;
type Series = { labels: Labels; counts: number[]; sum: number; observe(seconds: number): void };

/** A histogram of durations. */
export type Durations = {
  /** Finds or opens the series of these labels, which come in the same order each time, and returns what counts in it. */
  series(labels: Labels): (seconds: number) => void;
};

/**
 * Told like a Histogram of prom-client, which looks its series up by a text of all labels with every observation: for
 * what is counted with each request, that costs more than all other counting together. Here a series is found once.
 */
export function durations(registry: Registry, { name, help }: { name: string; help: string }): Durations {
  const all = new Map<string, Series>();
  const metric = {
    name,
    async get() {
      return { name, help, type: 'histogram', aggregator: 'sum', values: [...all.values()].flatMap(told) };
    },
  };
  const told = ({ labels, counts, sum }: Series) => {
    let count = 0;
    const buckets = [...BOUNDS, '+Inf'].map((le, index) => {
      count += counts[index]!;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
      { metricName: `${name}_count`, labels: { ...labels }, value: count },
    ];
  };
  // The registry calls nothing but `get` of a metric when it tells of it.
  registry.registerMetric(metric as unknown as Histogram);

  const begin = (labels: Labels): Series => {
    const counts = Array<number>(BOUNDS.length + 1).fill(0);
    const series: Series = {
      labels,
      counts,
      sum: 0,
      observe(seconds) {
        let bucket = 0;
        while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket += 1;
        counts[bucket]! += 1;
        series.sum += seconds;
      },
    };
    return series;
  };

  return {
    series(labels) {
      const key = JSON.stringify(labels);
      const series = all.get(key) ?? begin(labels);
      all.set(key, series);
      return series.observe;
    },
  };
}
