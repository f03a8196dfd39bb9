import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostileBodies, MOST_VALUES } from '../testing/hostile-bodies.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

/** Milliseconds of processor time of a check, the least of several tries: others run beside this. */
async function cost(make: () => Promise<string>, tries: number): Promise<number> {
  const times: number[] = [];
  for (let attempt = 0; attempt < tries; attempt++) {
    const xml = await make();
    const before = process.cpuUsage();
    await refusalOf(scene.check(xml));
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1_000);
  }
  return Math.min(...times);
}

const ofGroups = (count: number) => async () =>
  scene.issue(
    await scene.saysOfAda({
      attributes: { groups: Array.from({ length: count }, (_, index) => `group-${index}`) },
    }),
  );

it('groups that a provider names cost in proportion, and more of them than cost forty logins are refused', async () => {
  const login = await cost(async () => scene.issue(await scene.saysOfAda()), 40);
  const [some, most] = [await cost(ofGroups(MOST_VALUES / 5), 6), await cost(ofGroups(MOST_VALUES), 6)];
  expect(most / some).toBeLessThan(6);
  expect(most / login).toBeLessThan(40);
  expect(await refusalOf(scene.check(await ofGroups(MOST_VALUES)()))).toBe('taken');
  expect(await refusalOf(scene.check(await ofGroups(MOST_VALUES + 50)()))).toBe('TOO_LARGE');
});

it('no body that somebody can make costs more than a few logins', async () => {
  const login = await cost(async () => scene.issue(await scene.saysOfAda()), 40);
  for (const [name, make] of Object.entries(hostileBodies(scene))) {
    const hostile = await cost(make, 2);
    expect(hostile / login, name).toBeLessThan(15);
  }
});
