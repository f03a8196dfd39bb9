import { startTestCluster, startTestSentinel } from '@rivergate/redis/testing';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, logIn, type Person, signUp, uniqueEmail } from './person.ts';

/** Milliseconds within which whatever is asked is answered while Redis is without a master. */
const ANSWERED_WITHIN = 5_000;

const forms = {
  'a cluster of three': async () => {
    const cluster = await startTestCluster();
    // The one that has the queues of mails.
    return { ...cluster, failOver: () => cluster.failOver(cluster.masterOf('{rivergate}')) };
  },
  'a Redis behind Sentinels': startTestSentinel,
};

describe.each(Object.entries(forms))('on %s', (_, startRedis) => {
  let redis: { url: string; failOver(): Promise<void>; stop(): Promise<void> };
  let fleet: AcceptanceFleet;
  let person: Person;

  beforeAll(async () => {
    redis = await startRedis();
    fleet = await startFleet({ env: { REDIS_URL: redis.url } });
    person = await signUp(fleet);
  });
  afterAll(async () => {
    await fleet?.stop();
    await redis?.stop();
  });

  const me = async ({ get }: Person) => (await get('/api/v1/auth/me')).status;

  it('a session that ends is refused at the next request', async () => {
    for (let round = 0; round < 5; round++) {
      const session = await logIn(fleet, person);
      expect(await me(session)).toBe(200);
      expect((await session.post('/api/v1/auth/logout')).status).toBe(204);
      expect(await me(session)).toBe(401);
    }
  });

  it('logins are counted exactly', async () => {
    const guesser = fleet.caller();
    const guess = () => guesser.post('/api/v1/auth/login', { email: uniqueEmail(), password: 'Wrong1horse' });
    const statuses = (await Promise.all(Array.from({ length: 12 }, guess))).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([...Array(5).fill(401), ...Array(7).fill(429)]);
  });

  it('a master is lost: requests are answered, what was ended stays so, and all goes on with the promoted one', async () => {
    const ended = await logIn(fleet, person);
    expect(await me(ended)).toBe(200);
    expect((await ended.post('/api/v1/auth/logout')).status).toBe(204);

    let over = false;
    const failOver = redis.failOver().finally(() => {
      over = true;
    });
    while (!over) {
      const began = performance.now();
      expect([401, 503]).toContain(await me(ended));
      expect([200, 503]).toContain(await me(person));
      expect(performance.now() - began).toBeLessThan(2 * ANSWERED_WITHIN);
    }
    await failOver;

    await eventually(
      async () => (await fleet.caller().get('/ready')).status === 200,
      'a fleet that is ready',
      30_000,
    );
    expect(await me(ended)).toBe(401);
    const newcomer = await signUp(fleet, 'newcomer');
    const session = await logIn(fleet, newcomer);
    expect(data(await session.get('/api/v1/sessions')).active_count).toBe(2);
    expect((await session.post('/api/v1/auth/logout')).status).toBe(204);
    expect(await me(session)).toBe(401);
    expect(await me(newcomer)).toBe(200);
  });
});
