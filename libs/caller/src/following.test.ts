import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  fillMembership,
  fillSession,
  followAccessState,
  forgetMemberships,
  type Member,
  organizationGeneration,
  readAccess,
  recallAccess,
  revokeSession,
} from './index.ts';
import { fillUp, startPrivateRedis, type TestRedis } from './test-redis.ts';

let server: TestRedis;
/** Of the service that writes. */
let redis: Redis;
const stopping: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startPrivateRedis();
  redis = new Redis(server.url, { retryStrategy: () => 20 });
  redis.on('error', () => {});
  await redis.ping();
});

afterEach(async () => {
  for (const stop of stopping.splice(0).reverse()) await stop();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const someId = () => randomInt(1, 2 ** 40);
const membership = {
  member: true,
  isAdmin: false,
  permissions: ['workspace.read'],
  workspaces: [],
  plan: 'enterprise',
};

type Question = { sessionId: number; members: [Member] };

/** A member of an organization who is signed in. */
async function somebody(): Promise<Question> {
  const [sessionId, userId, organizationId] = [someId(), someId(), someId()];
  await fillSession(redis, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: false });
  const generation = await organizationGeneration(redis, organizationId);
  await fillMembership(redis, { organizationId, userId, generation, membership });
  return { sessionId, members: [{ organizationId, userId }] };
}

/** A gateway's connection, and what it says without asking Redis. */
function follower(url = server.url, followed = url) {
  const options = { retryStrategy: () => 20, enableOfflineQueue: true };
  const connection = new Redis(url, options);
  const node = followed === url ? connection : new Redis(followed, options);
  for (const one of [connection, node]) one.on('error', () => {});
  stopping.push(() => [connection, node].map(one => one.disconnect()));
  stopping.push(followAccessState(connection, () => [node]));
  const recall = (asked: Question) => recallAccess(connection, asked);
  return {
    recall,
    read: (asked: Question) => readAccess(connection, asked),
    /** Reads until it is remembered. */
    learn: (asked: Question) =>
      vi.waitFor(async () => {
        await readAccess(connection, asked);
        const known = recall(asked);
        if (!known) throw new Error('not remembered');
        return known;
      }, 5_000),
  };
}

/** How many round trips have read or counted something. */
const readings = async () =>
  Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);

/** A way to Redis that passes on, holds back what Redis answers, and lets go of it. */
async function holdableWay(): Promise<{ url: string; hold(): void; letGo(): void }> {
  const url = `${server.url}.${randomInt(2 ** 40)}`;
  const answers = new Set<Socket>();
  let held = false;
  const proxy: Server = createServer(client => {
    const upstream = connect(server.url);
    answers.add(upstream);
    const end = () => {
      answers.delete(upstream);
      for (const socket of [client, upstream]) socket.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.on('data', chunk => upstream.write(chunk));
    upstream.on('data', chunk => client.write(chunk));
    if (held) upstream.pause();
  });
  await new Promise<void>(resolve => proxy.listen(url, resolve));
  stopping.push(() => {
    for (const socket of answers) socket.destroy();
    proxy.close();
    rmSync(url, { force: true });
  });
  return {
    url,
    hold() {
      held = true;
      for (const socket of answers) socket.pause();
    },
    letGo() {
      held = false;
      for (const socket of answers) socket.resume();
    },
  };
}

describe('what was read of the access state', () => {
  it('is known without asking Redis again, and parsed once', async () => {
    const [gateway, asked] = [follower(), await somebody()];
    const known = await gateway.learn(asked);
    expect(known.session).toEqual({
      state: 'active',
      userId: asked.members[0].userId,
      isSystemAdmin: false,
      mustEnrol: false,
      deviceTrusted: false,
    });
    expect(known.memberships[0]?.membership).toEqual(membership);
    expect(gateway.recall(asked)?.memberships[0]?.membership).toBe(known.memberships[0]?.membership);
    expect(known.asOf).toBeLessThanOrEqual(performance.now());
  });

  it('is remembered neither where nobody follows nor where nothing stands', async () => {
    const [gateway, asked] = [follower(), await somebody()];
    await gateway.learn(asked);
    await readAccess(redis, asked);
    expect(recallAccess(redis, asked)).toBeNull();
    const stranger = { ...asked, sessionId: someId() };
    expect((await gateway.read(stranger)).session.state).toBe('unknown');
    expect(gateway.recall(stranger)).toBeNull();
  });

  it('ends when it ends in Redis', async () => {
    const [gateway, asked] = [follower(), await somebody()];
    const key = `access:{session:${asked.sessionId}}`;
    await redis.pexpire(key, 60_000);
    await gateway.learn(asked);
    await redis.pexpire(key, 300);
    await gateway.read(asked);
    await vi.waitFor(() => expect(gateway.recall(asked)).toBeNull(), 2_000);
    expect((await gateway.read(asked)).session.state).toBe('unknown');
  });
});

describe('what was withdrawn', () => {
  it('is forgotten by ten gateways when the one who withdrew it is told so, time after time', async () => {
    const gateways = Array.from({ length: 10 }, () => follower());
    for (let time = 0; time < 20; time++) {
      const asked = await somebody();
      await Promise.all(gateways.map(({ learn }) => learn(asked)));
      if (time % 2) await revokeSession(redis, asked.sessionId);
      else await forgetMemberships(redis, asked.members[0].organizationId);
      expect(gateways.map(({ recall }) => recall(asked))).toEqual(gateways.map(() => null));
    }
    const keys = await redis.keys('access:*barrier*');
    expect(keys).toEqual([]);
  });

  it('is not kept by a reading that was under way meanwhile, though it may be answered', async () => {
    const [way, asked] = [await holdableWay(), await somebody()];
    const gateway = follower(way.url, server.url);
    await gateway.learn(asked);
    const before = await readings();
    way.hold();
    const answer = gateway.read(asked);
    await vi.waitFor(async () => expect(await readings()).toBe(before + 1));
    await revokeSession(redis, asked.sessionId);
    way.letGo();
    expect((await answer).session.state).toBe('active');
    expect(gateway.recall(asked)).toBeNull();
    expect((await gateway.read(asked)).session.state).toBe('revoked');
  });

  it('waits for a gateway that hangs only until it believes nothing any more', async () => {
    const [way, asked] = [await holdableWay(), await somebody()];
    const gateway = follower(server.url, way.url);
    await gateway.learn(asked);
    way.hold();
    const began = performance.now();
    await revokeSession(redis, asked.sessionId);
    expect(gateway.recall(asked)).toBeNull();
    expect(performance.now() - began).toBeLessThan(1_000);
    way.letGo();
    expect((await gateway.learn(asked)).session.state).toBe('revoked');
  });
});

describe('the memory is not believed', () => {
  const forgets = async (lose: () => Promise<unknown>) => {
    const [gateway, asked] = [follower(), await somebody()];
    await gateway.learn(asked);
    await lose();
    await vi.waitFor(() => expect(gateway.recall(asked)).toBeNull(), 2_000);
    return { gateway, asked };
  };

  it('when the connection that hears of changes was lost, until there is a new one', async () => {
    const { gateway, asked } = await forgets(() => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    await revokeSession(redis, asked.sessionId);
    expect((await gateway.learn(asked)).session.state).toBe('revoked');
  });

  it('when the connection on which following was asked for was lost', async () => {
    const { gateway, asked } = await forgets(async () => {
      const clients = String(await redis.client('LIST'));
      const tracking = clients.split('\n').filter(line => /flags=\w*t/.test(line));
      expect(tracking).not.toEqual([]);
      for (const line of tracking)
        await redis.call('CLIENT', 'KILL', 'ID', String(/^id=(\d+)/.exec(line)?.[1]));
    });
    expect((await gateway.learn(asked)).session.state).toBe('active');
  });

  it('when Redis was emptied', async () => {
    const { gateway, asked } = await forgets(() => redis.flushall());
    expect((await gateway.read(asked)).session.state).toBe('unknown');
  });

  it('when Redis was restarted', async () => {
    const { gateway, asked } = await forgets(() => redis.shutdown('NOSAVE').catch(() => {}));
    const stopped = server;
    server = await startPrivateRedis(dirname(stopped.url));
    await vi.waitFor(() => redis.ping(), 5_000);
    await vi.waitFor(async () => expect((await gateway.read(asked)).session.state).toBe('unknown'), 2_000);
    const again = await somebody();
    await gateway.learn(again);
    await revokeSession(redis, again.sessionId);
    expect(gateway.recall(again)).toBeNull();
  });

  it('when Redis takes no writes, for as long as that lasts', async () => {
    const { gateway, asked } = await forgets(() => redis.replicaof('127.0.0.1', 1));
    await expect(gateway.read(asked)).rejects.toThrow('READONLY');
    await redis.replicaof('NO', 'ONE');
    await gateway.learn(asked);
  });

  it('when Redis is full', async () => {
    let giveBack = async (): Promise<unknown> => undefined;
    const { gateway, asked } = await forgets(async () => {
      giveBack = await fillUp(redis);
    });
    expect((await gateway.read(asked)).session.state).toBe('active');
    expect(gateway.recall(asked)).toBeNull();
    await revokeSession(redis, asked.sessionId);
    await giveBack();
    await vi.waitFor(async () => expect((await gateway.read(asked)).session.state).toBe('unknown'), 2_000);
  });

  it('when nothing comes any more on a connection that stands, and never again for what was withdrawn then', async () => {
    const [way, asked] = [await holdableWay(), await somebody()];
    const gateway = follower(server.url, way.url);
    await gateway.learn(asked);
    way.hold();
    await vi.waitFor(() => expect(gateway.recall(asked)).toBeNull(), 2_000);
    await forgetMemberships(redis, asked.members[0].organizationId);
    way.letGo();
    await vi.waitFor(async () => {
      const { memberships } = await gateway.read(asked);
      expect(memberships[0]?.membership).toBeNull();
    });
    expect(gateway.recall(asked)).toBeNull();
  });
});
