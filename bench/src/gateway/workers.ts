import { cpus } from 'node:os';
import { withDescendants } from '@rivergate/fleet/memory';
import { load } from './load.ts';
import type { Measure } from './measure.ts';
import { cpuTimeOfEnded } from './process.ts';
import { hasNginx } from './proxies/nginx.ts';
import type { Scene } from './scene.ts';
import { workersScene } from './trivial-scene.ts';

const WORKERS = [1, 2] as const;
/** How many times the requests of one worker two are to carry. */
const AT_LEAST = 1.7;
/** How many times `seconds` of load there are before anything counts. */
const WARM_UP = 2;

/** Processor times in microseconds for one request. */
type Figures = {
  perSecond: number;
  gateway: number;
  service: number;
  redis: number;
  load: number;
  failures: number;
};

/**
 * The gateway as one and as two processes, in turns; both may use every core. The service, Redis and the load
 * generator need their share of the same cores, so what is measured has a ceiling, which is told beside it.
 */
export async function benchWorkers(
  { seconds, connections, rounds }: Measure,
  print: (line: string) => void,
): Promise<void> {
  if (!hasNginx()) {
    print(
      'left out: workers: nginx is not installed (Debian: nginx-light), and another service takes too much',
    );
    return;
  }
  const scenes: Scene[] = [];
  const best: Figures[] = [];
  try {
    for (const count of WORKERS) scenes.push(await workersScene(count));
    const [alone, several] = scenes.map(({ gateway }) => withDescendants(gateway.pid).length);
    // Where the system does not tell of processes, neither of their time.
    if (!Number.isNaN(scenes[0]!.gateway.cpu()) && several! <= alone!)
      throw new Error('GATEWAY_WORKERS=2 starts no more processes than 1');
    for (const scene of scenes) await measure(scene, connections, WARM_UP * seconds);
    for (let round = 0; round < rounds; round++) {
      for (const [index, scene] of scenes.entries()) {
        const figures = await measure(scene, connections, seconds);
        const known = best[index];
        if (!known || figures.perSecond > known.perSecond) best[index] = figures;
      }
    }
  } finally {
    for (const scene of scenes.reverse()) await scene.stop();
  }
  report(best, print);
}

async function measure(scene: Scene, connections: number, seconds: number): Promise<Figures> {
  const { service, redis, gateway, path, authorization } = scene;
  const times = () => [gateway.cpu(), service.cpu(), redis.cpu(), cpuTimeOfEnded()];
  const before = times();
  const { perSecond, failures } = await load({
    url: gateway.url + path,
    headers: { authorization },
    connections,
    seconds,
    core: null,
  });
  const each = times().map((time, index) => (time - before[index]!) / (perSecond * seconds));
  const [ofGateway, ofService, ofRedis, ofLoad] = each as [number, number, number, number];
  return { perSecond, gateway: ofGateway, service: ofService, redis: ofRedis, load: ofLoad, failures };
}

function report([one, two]: Figures[], print: (line: string) => void): void {
  if (!one || !two) return;
  const columns = ['requests/s', 'gateway cpu', 'service cpu', 'Redis cpu', 'load cpu', 'failed'];
  print('workers of the gateway, with nginx as the service; nothing is pinned (cpu: µs for one request)');
  print(`  ${' '.repeat(12)}${columns.map(column => column.padStart(13)).join('')}`);
  for (const [name, { perSecond, gateway, service, redis, load: ofLoad, failures }] of Object.entries({
    '1 worker': one,
    '2 workers': two,
  })) {
    const times = [gateway, service, redis, ofLoad].map(time => time.toFixed(1));
    const cells = [perSecond.toFixed(0), ...times, String(failures)];
    print(`  ${name.padEnd(12)}${cells.map(cell => cell.padStart(13)).join('')}`);
  }
  const ratio = two.perSecond / one.perSecond;
  const verdict = ratio >= AT_LEAST ? 'reached' : 'missed';
  print(`  2 workers carry ${ratio.toFixed(2)} times what 1 does (at least ${AT_LEAST}: ${verdict})`);
  const around = one.service + one.redis + one.load;
  const most = Math.min(2, (cpus().length * one.gateway) / (one.gateway + around));
  print(
    `  the ceiling here is ${most.toFixed(2)}: ${cpus().length} cores, and service, Redis and load take ${around.toFixed(0)} µs beside the gateway's ${one.gateway.toFixed(0)}`,
  );
  print(
    `  by the gateway's processor time, on two free cores it would be ${((2 * one.gateway) / two.gateway).toFixed(2)}`,
  );
}
