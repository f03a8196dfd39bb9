import { hostileBodies } from '@rivergate/service-sso/testing/hostile-bodies';
import { refusalOf, type SamlScene, samlScene } from '@rivergate/service-sso/testing/saml-scene';

/** Responses of each kind. */
const LOGINS = 200;
const WARM_UP = 60;
const GROUPS = 1_000;

/** Responses that are checked a second on one core, and what the worst bodies cost that somebody can make. */
export async function benchSaml({ print = console.log } = {}): Promise<void> {
  const scene = await samlScene();
  try {
    await checked(scene, WARM_UP, () => login(scene, 'assertion'));
    const groups = Array.from({ length: GROUPS }, (_, index) => `group ${index}`);
    const kinds: [string, number, () => Promise<string>][] = [
      ['signed assertion', LOGINS, () => login(scene, 'assertion')],
      ['signed response', LOGINS, () => login(scene, 'response')],
      ['both signed', LOGINS, () => login(scene, 'both')],
      ['both signed, encrypted', LOGINS, () => login(scene, 'both', true)],
      [
        `signed assertion, ${GROUPS} groups`,
        LOGINS / 10,
        async () => scene.issue(await scene.saysOfAda({ attributes: { groups } })),
      ],
    ];
    print('SAML responses on one core       a CPU second   ms of CPU each');
    for (const [name, count, make] of kinds) {
      const each = await checked(scene, count, make);
      print(`  ${name.padEnd(30)}${(1_000 / each).toFixed(0).padStart(13)}${each.toFixed(1).padStart(17)}`);
    }
    const costs: [string, number][] = [];
    for (const [name, make] of Object.entries(hostileBodies(scene)))
      costs.push([name, await checked(scene, 5, make)]);
    const worst = costs.toSorted(([, one], [, other]) => other - one).slice(0, 3);
    for (const [name, each] of worst) print(`  256 KB ${name}: ${each.toFixed(1)} ms of CPU`);
  } finally {
    await scene.stop();
  }
}

async function login(
  scene: SamlScene,
  sign: 'assertion' | 'response' | 'both',
  encrypted = false,
): Promise<string> {
  const encryptFor = scene.serviceProviderKey.certificate;
  return scene.issue(await scene.saysOfAda(), { sign, ...(encrypted && { encryptFor }) });
}

/** Milliseconds of processor time of one check. */
async function checked(scene: SamlScene, count: number, make: () => Promise<string>): Promise<number> {
  let spent = 0;
  for (let index = 0; index < count; index++) {
    const xml = await make();
    const before = process.cpuUsage();
    await refusalOf(scene.check(xml));
    const { user, system } = process.cpuUsage(before);
    spent += user + system;
  }
  return spent / 1_000 / count;
}
