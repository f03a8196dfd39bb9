import type { TestAnswer } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';

/** Of each kind, taken in turns so that both meet the same load. */
const TRIES = 120;
/** How far from one half the chance may be: five standard deviations for this many tries that do not differ. */
const BOUND = 0.19;

let identity: IdentityUnderTest;
let known: string;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  known = (await identity.person()).email;
});
afterAll(() => identity?.stop());

async function milliseconds(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

/** The chance that one of the first kind takes longer than one of the second (Mann and Whitney's U, as a share). */
function chanceOfLonger(first: number[], second: number[]): number {
  let longer = 0;
  for (const one of first) for (const other of second) longer += one > other ? 1 : one === other ? 0.5 : 0;
  return longer / (first.length * second.length);
}

async function compare(
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
  tries = TRIES,
): Promise<number> {
  const times: [number[], number[]] = [[], []];
  for (let round = -10; round < tries; round++) {
    const order = round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    for (const which of order) {
      const taken = await milliseconds([first, second][which]!);
      if (round >= 0) times[which].push(taken);
    }
  }
  return chanceOfLonger(...times);
}

const post = (path: string, body: object) => identity.anonymous().post(`/api/v1${path}`, body);
const asks: [string, number, (email: string) => Promise<TestAnswer>][] = [
  ['login', 401, email => identity.login(email, { password: 'Wrong1password' })],
  ['forgot-password', 200, email => post('/auth/forgot-password', { email })],
  ['webauthn/authenticate/start', 200, email => post('/webauthn/authenticate/start', { email })],
];

describe('how long an answer takes', () => {
  it.each(asks)('at %s does not tell whether the address has an account', async (_, status, ask) => {
    const asked = async (email: string) => expect((await ask(email)).status).toBe(status);
    const chance = await compare(
      () => asked(known),
      () => asked(identity.newAddress()),
    );
    expect(Math.abs(chance - 0.5)).toBeLessThan(BOUND);
  });

  it('tells what is measured apart where the work differs', async () => {
    const chance = await compare(
      () => identity.login(known, { password: 'Wrong1password' }),
      () => post('/auth/forgot-password', { email: known }),
      20,
    );
    expect(chance).toBeGreaterThan(0.5 + BOUND);
  });
});
