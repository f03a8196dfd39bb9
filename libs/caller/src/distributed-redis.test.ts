import { randomInt } from 'node:crypto';
import { connectRedis, type RedisClient, whenConnected } from '@rivergate/redis';
import { startTestCluster, startTestSentinel, type TestCluster } from '@rivergate/redis/testing';
import type { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  fillMembership,
  fillSession,
  followAccessState,
  forgetMemberships,
  type Member,
  organizationGeneration,
  rateLimiter,
  readAccess,
  recallAccess,
  revokeSession,
} from './index.ts';

const log = { warn() {} };
const stopping: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopping.splice(0).reverse()) await stop();
});

const someId = () => randomInt(1, 2 ** 40);
const membership = {
  member: true,
  isAdmin: false,
  permissions: ['workspace.read'],
  workspaces: [],
  plan: 'enterprise',
};

async function connected(url: string, whileAway: 'fails' | 'waits' = 'waits'): Promise<RedisClient> {
  const redis = connectRedis(url, log, whileAway);
  stopping.push(() => redis.disconnect());
  await whenConnected(redis, 5_000);
  return redis;
}

/** A gateway that remembers. */
async function gateway(url: string) {
  const redis = await connected(url, 'fails');
  stopping.push(followAccessState(redis));
  const recall = (asked: Question) => recallAccess(redis, asked);
  return {
    redis,
    recall,
    /** What it decides by: its memory, or else Redis; null where it would ask the owners. */
    state: async (asked: Question) => {
      const access = recall(asked) ?? (await readAccess(redis, asked).catch(() => null));
      return access?.session.state ?? null;
    },
    learn: (asked: Question) =>
      vi.waitFor(
        async () => {
          await readAccess(redis, asked);
          const known = recall(asked);
          if (!known) throw new Error('not remembered');
          return known;
        },
        { timeout: 15_000 },
      ),
  };
}

type Master = TestCluster['masters'][number];
const ways: [string, (master: Master) => unknown][] = [
  ['is killed', ({ kill }) => kill()],
  ['does not answer any more', ({ freeze }) => freeze()],
];

type Question = { sessionId: number; members: [Member] };

async function somebody(redis: RedisClient, sessionId = someId()): Promise<Question> {
  const [userId, organizationId] = [someId(), someId()];
  await fillSession(redis, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: false });
  const generation = await organizationGeneration(redis, organizationId);
  await fillMembership(redis, { organizationId, userId, generation, membership });
  return { sessionId, members: [{ organizationId, userId }] };
}

const times = <Result>(count: number, work: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

const within = async <Result>(milliseconds: number, work: Promise<Result>) => {
  const began = performance.now();
  const result = await work;
  expect(performance.now() - began).toBeLessThan(milliseconds);
  return result;
};

describe('on a cluster', () => {
  let cluster: TestCluster;
  let service: RedisClient;

  beforeAll(async () => {
    cluster = await startTestCluster();
    service = connectRedis(cluster.url, log, 'waits');
    await whenConnected(service, 5_000);
  });
  afterAll(async () => {
    service.disconnect();
    await cluster.stop();
  });

  const sessionKey = (id: number) => `access:{session:${id}}`;
  const sessionOn = (master: Master) => {
    for (;;) {
      const id = someId();
      if (cluster.masterOf(sessionKey(id)) === master) return id;
    }
  };

  it('the access state of many is read together, whatever nodes it is on', async () => {
    const redis = await connected(cluster.url, 'fails');
    const people = await times(50, () => somebody(service));
    const found = await Promise.all(people.map(asked => readAccess(redis, asked)));
    found.forEach(({ session, memberships }, index) => {
      expect(session).toMatchObject({ state: 'active', userId: people[index]!.members[0].userId });
      expect(memberships).toMatchObject([{ membership }]);
    });
  });

  it('what is asked in one turn is one command a slot', async () => {
    const redis = await connected(cluster.url, 'fails');
    const asked = await somebody(service);
    await readAccess(redis, asked);
    const [before] = [await scripts()];
    await times(30, () => readAccess(redis, asked));
    expect((await scripts()) - before).toBe(2);
  });

  async function scripts(): Promise<number> {
    const counted = cluster.masters.map(async ({ admin }) =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0),
    );
    return (await Promise.all(counted)).reduce((sum, calls) => sum + calls, 0);
  }

  it('counters are exact over processes', async () => {
    const limiters = (await times(3, () => connected(cluster.url))).map(redis =>
      rateLimiter(redis, { RATE_LIMIT_LOGIN: '10/60' }),
    );
    const keys = Array.from({ length: 20 }, () => `ip:${someId()}`);
    const verdicts = await Promise.all(
      keys.map(async key => {
        const asked = await times(30, index => Promise.resolve(limiters[index % 3]!.consume('login', key)));
        return asked.filter(verdict => verdict?.allowed).length;
      }),
    );
    expect(verdicts).toEqual(keys.map(() => 10));
  });

  it('a gateway remembers, and forgets what was withdrawn by the time the one who withdrew it is told so', async () => {
    const gateways = await times(3, () => gateway(cluster.url));
    for (const master of cluster.masters) {
      const asked = await somebody(service, sessionOn(master));
      for (const { learn } of gateways) await learn(asked);
      await revokeSession(service, asked.sessionId);
      for (const { state } of gateways) expect(await state(asked)).toBe('revoked');
    }
  });

  it('what is withdrawn at the same time on several nodes is heard of on each', async () => {
    const { learn, recall, redis } = await gateway(cluster.url);
    const people = await times(12, () => somebody(service));
    for (const asked of people) await learn(asked);
    await Promise.all(
      people.map(({ members: [member] }) => forgetMemberships(service, member.organizationId)),
    );
    for (const asked of people) {
      expect(recall(asked)).toBeNull();
      expect((await readAccess(redis, asked)).memberships).toMatchObject([{ generation: null }]);
    }
  });

  it('a slot that moves to another node takes the memory of it along', async () => {
    const { learn, state } = await gateway(cluster.url);
    const [from, to] = cluster.masters;
    const asked = await somebody(service, sessionOn(from!));
    await learn(asked);
    await cluster.moveSlot(sessionKey(asked.sessionId), to!);
    await revokeSession(service, asked.sessionId);
    expect(await state(asked)).toBe('revoked');
    await learn(asked);
  });

  it('nothing is remembered over a change of slots, whatever they hold', async () => {
    const { learn, recall } = await gateway(cluster.url);
    const [from, to] = cluster.masters;
    const asked = await somebody(service, sessionOn(from!));
    await learn(asked);
    await cluster.moveSlot(sessionKey(sessionOn(from!)), to!);
    await vi.waitFor(() => expect(recall(asked)).toBeNull(), { timeout: 4_000, interval: 5 });
    await learn(asked);
  });

  it('a master that a gateway does not follow yet is not taken for one that no gateway remembers', async () => {
    const redis = (await connected(cluster.url, 'fails')) as Cluster;
    const [followed, unknown] = cluster.masters;
    stopping.push(
      followAccessState(redis, () =>
        redis.nodes('master').filter(({ options }) => options.port === followed!.port),
      ),
    );
    const asked = await somebody(service, sessionOn(followed!));
    await vi.waitFor(async () => {
      await readAccess(redis, { ...asked, members: [] });
      expect(recallAccess(redis, { ...asked, members: [] })).not.toBeNull();
    });
    const began = performance.now();
    await revokeSession(service, sessionOn(unknown!));
    expect(performance.now() - began).toBeGreaterThanOrEqual(400);
  });

  it('a replica is made the master: what is withdrawn there at once is refused at once', async () => {
    const gateways = await times(2, () => gateway(cluster.url));
    const [former] = cluster.masters;
    const people = await times(5, () => somebody(service, sessionOn(former!)));
    for (const asked of people) for (const { learn } of gateways) await learn(asked);
    await cluster.promote(former!);
    for (const asked of people) {
      await revokeSession(service, asked.sessionId);
      for (const { state } of gateways) expect([null, 'revoked']).toContain(await state(asked));
    }
  });

  it.each(ways)(
    'a master %s: every question is answered in time, and then all goes on with nothing alive that was ended',
    async (how, away) => {
      const gateways = await times(2, () => gateway(cluster.url));
      const lost = cluster.masters[ways.findIndex(([name]) => name === how) + 1]!;
      const [ended, alive] = [
        await somebody(service, sessionOn(lost)),
        await somebody(service, sessionOn(lost)),
      ];
      for (const { learn } of gateways) for (const asked of [ended, alive]) await learn(asked);
      await revokeSession(service, ended.sessionId);
      const limiter = rateLimiter(gateways[0]!.redis, { RATE_LIMIT_LOGIN: '10/60' });

      const over = cluster.failOver(lost, away);
      let failing = true;
      over.finally(() => {
        failing = false;
      });
      while (failing) {
        for (const { state } of gateways) {
          expect([null, 'revoked']).toContain(await within(2_500, state(ended)));
          await within(2_500, state(alive));
        }
        await within(2_500, Promise.resolve(limiter.consume('login', `ip:${someId()}`)));
        await within(
          2_500,
          service.get(sessionKey(alive.sessionId)).catch(() => null),
        );
      }
      await over;
      // By whoever is promoted, and before anybody follows it.
      const first = revokeSession(service, alive.sessionId).then(
        () => true,
        () => false,
      );
      if (await first) for (const { state } of gateways) expect(await state(alive)).not.toBe('active');
      for (const { learn } of gateways) expect((await learn(ended)).session.state).toBe('revoked');
      const next = await somebody(service, sessionOn(lost));
      for (const { learn } of gateways) await learn(next);
      await revokeSession(service, next.sessionId);
      for (const { state } of gateways) expect(await state(next)).toBe('revoked');
    },
  );
});

describe('behind Sentinels', () => {
  it.each(ways)(
    'a gateway remembers and forgets, and goes on with the replica when the master %s',
    async (_, away) => {
      const sentinel = await startTestSentinel();
      stopping.push(() => sentinel.stop());
      const service = await connected(sentinel.url);
      const { learn, state } = await gateway(sentinel.url);
      const [ended, alive] = [await somebody(service), await somebody(service)];
      for (const asked of [ended, alive]) await learn(asked);
      await revokeSession(service, ended.sessionId);
      expect(await state(ended)).toBe('revoked');

      const over = sentinel.failOver(away);
      let failing = true;
      over.finally(() => {
        failing = false;
      });
      while (failing) {
        expect([null, 'revoked']).toContain(await within(2_500, state(ended)));
        await within(
          2_500,
          service.get('access:nothing').catch(() => null),
        );
      }
      await over;
      const revoked = await revokeSession(service, alive.sessionId).then(
        () => true,
        () => false,
      );
      if (revoked) expect(await state(alive)).not.toBe('active');
      expect((await learn(ended)).session.state).toBe('revoked');
      const next = await somebody(service);
      await learn(next);
      await revokeSession(service, next.sessionId);
      expect(await state(next)).toBe('revoked');
    },
  );
});
