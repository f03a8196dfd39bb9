import { join } from 'node:path';
import { freePort } from '@rivergate/testing';
import { identityScene } from './gateway/identity-scene.ts';
import { type Load, load } from './gateway/load.ts';
import { hasNginx, startNginx } from './gateway/nginx.ts';
import { cores, type Running, startProcess } from './gateway/process.ts';
import type { Scene } from './gateway/scene.ts';
import { trivialScene } from './gateway/trivial-scene.ts';

export type Figures = {
  busy: Load;
  calm: Load;
  /** Processor time of the proxy for one request, in microseconds: what other work on the machine changes least. */
  cpu: number;
};

export type GatewayFigures = Record<string, Figures>;

type Measure = { seconds: number; connections: number; rounds: number };

/** Requests a second for which credentials are made where the load needs its own: more than any service here answers. */
const CREDENTIALS_A_SECOND = 6_000;
/** Seconds of load before anything counts: Node compiles what is hot for about as long. */
const WARM_UP = 6;

/**
 * An authenticated GET through the gateway, beside the same service called directly, behind nginx and behind plain
 * http-proxy-middleware, in one run: before a service that does next to nothing, and before a real one. Each proxy has
 * one core; the service, Redis and the load generator share the other; PostgreSQL runs where it likes. `busy` is a
 * closed loop of many connections, `calm` of one: the first shows what a core carries, the second what a hop adds.
 */
export async function benchGateway({
  seconds = 3,
  connections = 64,
  rounds = 3,
  scenes = [trivialScene, identityScene],
  print = console.log,
}: Partial<Measure> & {
  scenes?: (() => Promise<Scene>)[];
  print?: (line: string) => void;
} = {}): Promise<GatewayFigures[]> {
  if (!hasNginx()) print('nginx is not installed (Debian: nginx-light): its line is left out');
  const all: GatewayFigures[] = [];
  for (const open of scenes) {
    const scene = await open();
    try {
      const figures = await compare(scene, { seconds, connections, rounds });
      report(scene.title, figures, print);
      all.push(figures);
    } finally {
      await scene.stop();
    }
  }
  return all;
}

async function compare(scene: Scene, measure: Measure): Promise<GatewayFigures> {
  const proxies: Running[] = [];
  const start = async (starting: Promise<Running>) => {
    const proxy = await starting;
    proxies.push(proxy);
    return proxy;
  };
  const target = scene.service.url;
  const node = (file: string) =>
    start(startProcess(join(import.meta.dirname, 'gateway', file), [target], {}, cores.proxy));
  try {
    const targets: Record<string, Running> = { direct: scene.service };
    if (hasNginx()) targets.nginx = await start(startNginx(await freePort(), target, cores.proxy));
    targets['http-proxy-middleware'] = await node('plain-proxy.ts');
    // It is the gateway's own forwarding, which lets no credential of others through.
    if (!scene.credentials) targets['undici, no pipeline'] = await node('plain-undici.ts');
    targets.gateway = scene.gateway;
    return await inTurns(scene, targets, measure);
  } finally {
    for (const proxy of proxies.reverse()) await proxy.stop();
  }
}

/** Measures in turns and keeps the best of each, so that what else the machine does spoils no comparison. */
async function inTurns(
  scene: Scene,
  targets: Record<string, Running>,
  { seconds, connections, rounds }: Measure,
): Promise<GatewayFigures> {
  const loadOn = (name: string, many: number, length: number) => {
    const own = scene.credentials !== null && name !== 'gateway';
    return load({
      url: targets[name]!.url + scene.path,
      headers: own ? {} : { authorization: scene.authorization },
      credentials: own ? scene.credentials!(CREDENTIALS_A_SECOND * length) : null,
      connections: many,
      seconds: length,
      core: cores.around,
    });
  };
  for (const name of Object.keys(targets)) await loadOn(name, connections, WARM_UP);
  const best: GatewayFigures = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, { cpu }] of Object.entries(targets)) {
      const before = cpu();
      const busy = await loadOn(name, connections, seconds);
      const used = (cpu() - before) / (busy.perSecond * seconds);
      const calm = await loadOn(name, 1, 1);
      const known = best[name];
      best[name] = {
        busy: !known || busy.perSecond > known.busy.perSecond ? busy : known.busy,
        calm: !known || calm.p50 < known.calm.p50 ? calm : known.calm,
        cpu: Math.min(used, known?.cpu ?? Number.POSITIVE_INFINITY),
      };
    }
  }
  return best;
}

function report(title: string, measured: GatewayFigures, print: (line: string) => void): void {
  const { direct, nginx, gateway } = measured;
  print(`authenticated GET of ${title}`);
  print(
    '                          requests/s      p50 ms      p99 ms  calm p50 ms added p50 ms cpu µs/request     failed',
  );
  for (const [name, { busy, calm, cpu }] of Object.entries(measured)) {
    const figures = [
      busy.perSecond.toFixed(0),
      busy.p50.toFixed(2),
      busy.p99.toFixed(2),
      calm.p50.toFixed(3),
      (calm.p50 - direct!.calm.p50).toFixed(3),
      cpu.toFixed(1),
      String(busy.failures + calm.failures),
    ];
    print(`  ${name.padEnd(22)}${figures.map(figure => figure.padStart(13)).join('')}`);
  }
  if (gateway && nginx) {
    const share = (100 * gateway.busy.perSecond) / nginx.busy.perSecond;
    print(`  the gateway carries ${share.toFixed(0)} % of what nginx does`);
  }
}
