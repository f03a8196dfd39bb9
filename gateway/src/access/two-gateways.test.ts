import { forgetMemberships, revokeSession } from '@rivergate/caller';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
let other: RunningGateway;

beforeAll(async () => {
  fleet = await startTestFleet([testRoute('GET', '/api/v1/things')]);
  other = await startGateway(fleet.env);
});

afterAll(async () => {
  await other.stop();
  await fleet.stop();
});

const path = '/api/v1/things';
const throughOther = async (headers: Record<string, string>) =>
  (await fetch(other.url + path, { headers })).status;

describe('what was withdrawn through one gateway', () => {
  it('is in force with the next request through another, a hundred times in a row under load', async () => {
    const bystander = await fleet.signIn();
    let over = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!over) expect(await throughOther(bystander.headers)).toBe(200);
    });
    for (let time = 0; time < 100; time++) {
      const user = await fleet.signIn();
      // Once to ask the owners, once to read what they said, once to remember it.
      for (let request = 0; request < 3; request++) expect(await throughOther(user.headers)).toBe(200);
      if (time % 2) {
        fleet.sessions.get(user.sessionId)!.active = false;
        await revokeSession(fleet.redis, user.sessionId);
      } else {
        fleet.members.delete(`${user.organizationId}:${user.userId}`);
        await forgetMemberships(fleet.redis, user.organizationId!);
      }
      expect(await throughOther(user.headers)).toBe(401);
    }
    over = true;
    await Promise.all(load);
  });

  it('was remembered there: no question reaches Redis or an owner for what is known', async () => {
    const user = await fleet.signIn();
    for (let request = 0; request < 3; request++) await throughOther(user.headers);
    const commands = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await fleet.redis.info('commandstats'))?.[1] ?? 0);
    fleet.identity.received.length = 0;
    const before = await commands();
    for (let request = 0; request < 50; request++) expect(await throughOther(user.headers)).toBe(200);
    // Others may use the same Redis while this test runs.
    expect((await commands()) - before).toBeLessThan(50);
    expect(fleet.identity.received).toEqual([]);
  });
});
