import { LOW_LIMIT, proveLimit, proveRefusals } from './demands.ts';
import { type Load, load } from './load.ts';
import { cores, type Running } from './process.ts';
import type { Scene } from './scene.ts';
import { TARGETS, type Target } from './targets.ts';

export type Figures = {
  /** Null for what was only called for comparison with one connection. */
  busy: Load | null;
  calm: Load;
  /** Processor time of the proxy for one request, in microseconds: what other work on the machine changes least. */
  cpu: number;
  /** Processor time of Redis for one request, in microseconds. */
  redisCpu: number;
};

export type GatewayFigures = Record<string, Figures>;

/** `seconds` of load for each target in each of the `rounds`. */
export type Measure = { seconds: number; connections: number; rounds: number };

/** Requests a second for which credentials are made where the load needs its own: more than any service here answers. */
const CREDENTIALS_A_SECOND = 6_000;
/** How many times `seconds` of load there are before anything counts: Node compiles what is hot for about 6 s. */
const WARM_UP = 2;
/** How many times `seconds` before each load that counts: while others are loaded, V8 throws away what it compiled. */
const WARM_UP_AGAIN = 1;
/** Then a JVM is loaded for so many seconds at a time, at most so often, until it got no faster so often in a row. */
const SETTLING = 4;
const MOST_LOADS = 30;
const CALM_LOADS = 5;

/** Starts the targets that are wanted and can be had, measures them in turns, and stops them. */
export async function compare(
  scene: Scene,
  only: readonly string[],
  measure: Measure,
  print: (line: string) => void,
): Promise<GatewayFigures> {
  const targets: Record<string, Running> = {};
  try {
    for (const [name, target] of Object.entries(TARGETS)) {
      if (name !== 'direct' && !only.includes(name)) continue;
      const reason = (await target.missing?.(scene)) ?? null;
      if (reason === null) targets[name] = await startProven(name, target, scene);
      else print(`left out before ${scene.title}: ${name}: ${reason}`);
    }
    return await inTurns(scene, targets, only, measure, print);
  } finally {
    for (const target of Object.values(targets).reverse()) await target.stop();
  }
}

/** Nothing is compared with the gateway that lets through what the gateway refuses. */
async function startProven(name: string, target: Target, scene: Scene): Promise<Running> {
  const { verification, path } = scene;
  if (verification && target.limited) {
    const limited = await target.limited(scene, LOW_LIMIT);
    await proveLimit(name, limited.url + path, verification).finally(limited.stop);
  }
  const running = await target.start(scene);
  if (verification && target.verifies)
    await proveRefusals(name, running.url + path, verification).catch(async cause => {
      await running.stop();
      throw cause;
    });
  return running;
}

/** Measures in turns and keeps the best of each, so that what else the machine does spoils no comparison. */
async function inTurns(
  scene: Scene,
  targets: Record<string, Running>,
  only: readonly string[],
  { seconds, connections, rounds }: Measure,
  print: (line: string) => void,
): Promise<GatewayFigures> {
  const loadOn = (name: string, many: number, length: number) => {
    const own = scene.credentials !== null && name !== 'gateway';
    return load({
      url: targets[name]!.url + scene.path,
      headers: own ? {} : { authorization: TARGETS[name]!.authorization?.(scene) ?? scene.authorization },
      credentials: own ? scene.credentials!(CREDENTIALS_A_SECOND * length) : null,
      connections: many,
      seconds: length,
      core: cores.around,
    });
  };
  const busyOn = async (name: string, length = seconds) => {
    await loadOn(name, connections, WARM_UP_AGAIN * length);
    const [cpu, redisCpu] = [targets[name]!.cpu(), scene.redis.cpu()];
    const busy = await loadOn(name, connections, length);
    const each = (used: number) => used / (busy.perSecond * length);
    return { busy, cpu: each(targets[name]!.cpu() - cpu), redisCpu: each(scene.redis.cpu() - redisCpu) };
  };
  for (const name of Object.keys(targets).filter(target => only.includes(target))) {
    await loadOn(name, connections, WARM_UP * seconds);
    if (!TARGETS[name]!.settles) continue;
    const { loads, settled } = await untilSettled(async () => (await busyOn(name, SETTLING)).cpu);
    const usual = WARM_UP * seconds;
    print(`${name} was warmed up for ${usual + SETTLING * loads} s, the others for ${usual} s`);
    if (!settled) print(`${name} was still getting faster then: its figures are worse than it is`);
  }
  const best: GatewayFigures = {};
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(targets)) {
      const loaded = only.includes(name)
        ? await busyOn(name)
        : { busy: null, cpu: Number.NaN, redisCpu: Number.NaN };
      const figures = { ...loaded, calm: await loadOn(name, 1, 1) };
      best[name] = best[name] ? bestOf(best[name], figures) : figures;
    }
  }
  return best;
}

/** Loads until the figure has fallen by less than a twentieth over some loads; says how many, and whether it came to that. */
async function untilSettled(measured: () => Promise<number>): Promise<{ loads: number; settled: boolean }> {
  let [best, calm, loads] = [Number.POSITIVE_INFINITY, 0, 0];
  while (calm < CALM_LOADS && loads < MOST_LOADS) {
    const figure = await measured();
    loads += 1;
    if (figure < 0.95 * best) [best, calm] = [figure, 0];
    else calm += 1;
  }
  return { loads, settled: calm === CALM_LOADS };
}

function bestOf(one: Figures, other: Figures): Figures {
  return {
    busy: (other.busy?.perSecond ?? 0) > (one.busy?.perSecond ?? 0) ? other.busy : one.busy,
    calm: other.calm.p50 < one.calm.p50 ? other.calm : one.calm,
    cpu: Math.min(one.cpu, other.cpu),
    redisCpu: Math.min(one.redisCpu, other.redisCpu),
  };
}
