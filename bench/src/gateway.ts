import { identityScene } from './gateway/identity-scene.ts';
import { compare, type Measure } from './gateway/measure.ts';
import { report } from './gateway/report.ts';
import type { Scene } from './gateway/scene.ts';
import { TARGETS } from './gateway/targets.ts';
import { trivialScene } from './gateway/trivial-scene.ts';
import { benchWorkers } from './gateway/workers.ts';

const SCENES: Record<string, (asked: Asked) => Promise<void>> = {
  trivial: asked => compareIn(trivialScene, asked),
  identity: asked => compareIn(identityScene, asked),
  workers: ({ measure, print }) => benchWorkers(measure, print),
};

type Asked = { only: string[]; measure: Measure; print: (line: string) => void };

export type GatewayOptions = Partial<Measure> & {
  /** Names of scenes; without them all. */
  scenes?: string[];
  /** Names of targets; without them all. */
  only?: string[];
};

/**
 * An authenticated GET through the gateway, beside the same service called directly and behind other proxies, in one
 * run: before a service that does next to nothing, and before a real one. Each proxy has one core; the service, Redis
 * and the load generator share the other; PostgreSQL runs where it likes. `busy` is a closed loop of many connections,
 * `calm` of one: the first shows what a core carries, the second what a hop adds.
 *
 * @throws an Error for a scene or a target that there is not
 */
export async function benchGateway(
  {
    seconds = 3,
    connections = 64,
    rounds = 3,
    scenes = Object.keys(SCENES),
    only = Object.keys(TARGETS),
  }: GatewayOptions = {},
  print: (line: string) => void = console.log,
): Promise<void> {
  known('scene', scenes, SCENES);
  known('target', only, TARGETS);
  for (const name of scenes) await SCENES[name]!({ only, measure: { seconds, connections, rounds }, print });
}

async function compareIn(open: () => Promise<Scene>, { only, measure, print }: Asked): Promise<void> {
  const scene = await open();
  try {
    report(scene.title, await compare(scene, only, measure, print), print);
  } finally {
    await scene.stop();
  }
}

function known(what: string, names: string[], all: object): void {
  const unknown = names.filter(name => !Object.hasOwn(all, name));
  if (unknown.length > 0)
    throw new Error(`There is no ${what} ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}`);
}
