import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { durations } from './durations.ts';

it('tells what a histogram of prom-client tells of the same durations', async () => {
  const described = { name: 'duration_seconds', help: 'Time' };
  const [own, other] = [new Registry(), new Registry()];
  for (const registry of [own, other]) registry.setDefaultLabels({ service: 'gateway' });
  const requests = durations(own, described);
  const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
  const wanted = new Histogram({
    ...described,
    labelNames: ['route', 'status'],
    buckets,
    registers: [other],
  });
  for (const labels of [
    { route: '/a', status: '200' },
    { route: 'quo"ted', status: '500' },
    { route: '/a', status: '200' },
  ])
    for (const seconds of [0, 0.001, 0.0011, 0.3, 10, 11]) {
      requests.series(labels)(seconds);
      wanted.observe(labels, seconds);
    }
  const told = async (registry: Pick<Registry, 'metrics'>) =>
    (await registry.metrics()).split('\n').map(line => line.replace(/\{(.*)\}/, sorted));
  expect(await told(own)).toEqual(await told(other));
  // What workers tell each other is added up.
  const ofTwo = async (registry: Registry) =>
    AggregatorRegistry.aggregate([
      await registry.getMetricsAsJSON(),
      await registry.getMetricsAsJSON(),
    ] as never);
  expect(await told(await ofTwo(own))).toEqual(await told(await ofTwo(other)));
});

/** The order of labels means nothing. */
const sorted = (_: string, labels: string) => `{${labels.split(',').sort().join(',')}}`;
