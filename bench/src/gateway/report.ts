import type { GatewayFigures } from './measure.ts';

const COLUMNS = [
  'requests/s',
  'p50 ms',
  'p99 ms',
  'calm p50 ms',
  'added p50 ms',
  'cpu µs',
  'Redis cpu µs',
  'failed',
];

/** What the gateway is to reach: the first two as multiples of the relay, which does nothing but forward. */
const AT_MOST = { cpu: 1.9, p99: 2, addedMilliseconds: 0.4 };

/** The table of one scene, and below it where the gateway stands beside each of the others. */
export function report(title: string, measured: GatewayFigures, print: (line: string) => void): void {
  print(`authenticated GET of ${title} (cpu: processor time for one request)`);
  print(`  ${' '.repeat(22)}${COLUMNS.map(column => column.padStart(13)).join('')}`);
  for (const [name, { busy, calm, cpu, redisCpu }] of Object.entries(measured)) {
    const cells = [
      fixed(busy?.perSecond, 0),
      fixed(busy?.p50, 2),
      fixed(busy?.p99, 2),
      fixed(calm.p50, 3),
      fixed(added(measured, name), 3),
      fixed(cpu, 1),
      fixed(redisCpu, 1),
      String((busy?.failures ?? 0) + calm.failures),
    ];
    print(`  ${name.padEnd(22)}${cells.map(cell => cell.padStart(13)).join('')}`);
  }
  for (const line of [...targets(measured), ...places(measured)]) print(`  ${line}`);
}

function targets(measured: GatewayFigures): string[] {
  const { gateway, relay } = measured;
  if (!gateway?.busy || !relay?.busy) return [];
  return [
    `gateway ÷ relay, processor time: ${aimed(gateway.cpu / relay.cpu, AT_MOST.cpu)}`,
    `gateway ÷ relay, p99: ${aimed(gateway.busy.p99 / relay.busy.p99, AT_MOST.p99)}`,
    `added p50 on one connection, ms: ${aimed(added(measured, 'gateway'), AT_MOST.addedMilliseconds)}`,
  ];
}

function aimed(value: number, most: number): string {
  return `${fixed(value, 2)} (at most ${most}: ${value <= most ? 'reached' : 'missed'})`;
}

function places({ direct: _, gateway, ...others }: GatewayFigures): string[] {
  return Object.entries(others).flatMap(([name, { busy, cpu }]) => {
    if (!gateway?.busy || !busy) return [];
    const requests = fixed((100 * gateway.busy.perSecond) / busy.perSecond, 0);
    const time = fixed((100 * gateway.cpu) / cpu, 0);
    return `gateway beside ${name}: ${requests} % of its requests/s, ${time} % of its processor time`;
  });
}

/** Milliseconds that the proxy adds to the service's own. */
function added(measured: GatewayFigures, name: string): number {
  return measured[name]!.calm.p50 - measured.direct!.calm.p50;
}

/** Not every system tells everything. */
function fixed(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}
