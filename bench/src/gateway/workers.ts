import { cpus } from 'node:os';
import { withDescendants } from '@rivergate/fleet/memory';
import { load } from './load.ts';
import type { Measure } from './measure.ts';
import { cores, cpuTimeOfEnded } from './process.ts';
import { hasNginx } from './proxies/nginx.ts';
import type { Scene } from './scene.ts';
import { workersScene } from './trivial-scene.ts';

/** The core that everything shares where there is to be one only. */
const ONE = cores.around;

const SCENES = [
  { name: '1 worker, 1 core', workers: 1, core: ONE },
  { name: '1 worker', workers: 1, core: null },
  { name: '2 workers', workers: 2, core: null },
];
/** How many times the requests of one core two are to carry. */
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
 * The gateway as one process on one core, as one process that may use every core, and as two, in turns. The service, Redis
 * and the load generator run on the same cores as it: so two workers on two cores are compared to one worker with all of
 * that on one core. Against one worker that has the second core for the others the ratio has a ceiling, which is told.
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
    for (const { workers, core } of SCENES) scenes.push(await workersScene(workers, core));
    const [, alone, several] = scenes.map(({ gateway }) => withDescendants(gateway.pid).length);
    // Where the system does not tell of processes, neither of their time.
    if (!Number.isNaN(scenes[0]!.gateway.cpu()) && several! <= alone!)
      throw new Error('GATEWAY_WORKERS=2 starts no more processes than 1');
    for (const [index, scene] of scenes.entries())
      await measure(scene, SCENES[index]!.core, connections, WARM_UP * seconds);
    for (let round = 0; round < rounds; round++) {
      for (const [index, scene] of scenes.entries()) {
        const figures = await measure(scene, SCENES[index]!.core, connections, seconds);
        const known = best[index];
        if (!known || figures.perSecond > known.perSecond) best[index] = figures;
      }
    }
  } finally {
    for (const scene of scenes.reverse()) await scene.stop();
  }
  report(best, print);
}

async function measure(
  scene: Scene,
  core: number | null,
  connections: number,
  seconds: number,
): Promise<Figures> {
  const { service, redis, gateway, path, authorization } = scene;
  const times = () => [gateway.cpu(), service.cpu(), redis.cpu(), cpuTimeOfEnded()];
  const before = times();
  const { perSecond, failures } = await load({
    url: gateway.url + path,
    headers: { authorization },
    connections,
    seconds,
    core,
  });
  const each = times().map((time, index) => (time - before[index]!) / (perSecond * seconds));
  const [ofGateway, ofService, ofRedis, ofLoad] = each as [number, number, number, number];
  return { perSecond, gateway: ofGateway, service: ofService, redis: ofRedis, load: ofLoad, failures };
}

function report(figures: Figures[], print: (line: string) => void): void {
  const [oneCore, one, two] = figures;
  if (!oneCore || !one || !two) return;
  const columns = ['requests/s', 'gateway cpu', 'service cpu', 'Redis cpu', 'load cpu', 'failed'];
  print('workers of the gateway, with nginx as the service (cpu: µs for one request)');
  print(`  ${' '.repeat(18)}${columns.map(column => column.padStart(13)).join('')}`);
  for (const [index, { perSecond, gateway, service, redis, load: ofLoad, failures }] of figures.entries()) {
    const times = [gateway, service, redis, ofLoad].map(time => time.toFixed(1));
    const cells = [perSecond.toFixed(0), ...times, String(failures)];
    print(`  ${SCENES[index]!.name.padEnd(18)}${cells.map(cell => cell.padStart(13)).join('')}`);
  }
  if (ONE !== null) {
    const ratio = two.perSecond / oneCore.perSecond;
    const verdict = ratio >= AT_LEAST ? 'reached' : 'missed';
    print(`  two cores carry ${ratio.toFixed(2)} times what one does (at least ${AT_LEAST}: ${verdict})`);
  }
  const around = one.service + one.redis + one.load;
  const most = Math.min(2, (cpus().length * one.gateway) / (one.gateway + around));
  print(
    `  2 workers carry ${(two.perSecond / one.perSecond).toFixed(2)} times what 1 does that has a core beside it for the others, where at most ${most.toFixed(2)} is possible: service, Redis and load take ${around.toFixed(0)} µs beside the gateway's ${one.gateway.toFixed(0)}`,
  );
  print(
    `  by the gateway's processor time, on two free cores it would be ${((2 * one.gateway) / two.gateway).toFixed(2)}`,
  );
}
