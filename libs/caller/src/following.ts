import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type RedisClient, topologyOf } from '@rivergate/redis';
import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import { ACCESS, acknowledgementsOf, followersChannel, HEARTBEAT } from './access-keys.ts';
import { type FactMemory, factMemory } from './fact-memory.ts';
import { remember, stopRemembering } from './facts.ts';
import { BELIEVED } from './withdrawal.ts';

/** Milliseconds between two heartbeats, after which without one the connections are made anew, and before that. */
const INTERVAL = 100;
const SILENCE = 2_000;
const RECONNECT = 100;
/** Milliseconds for which acknowledgements are kept: longer than anybody waits for them. */
const ACKNOWLEDGED = 2_000;

/** The channel on which Redis tells a client of RESP 2 which keys have changed. */
const INVALIDATIONS = '__redis__:invalidate';

/** A change of a key that leaves no key behind. A Redis that is full or takes no writes refuses it. */
const BEAT = `redis.call('SET', KEYS[1], '') redis.call('DEL', KEYS[1])`;

/** Commands fail instead of waiting, and nothing is repeated: a connection that broke is replaced. */
const once: RedisOptions = {
  lazyConnect: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
};

/**
 * Remembers what is read of the access state over a connection, for as long as Redis tells of every change to it
 * (CLIENT TRACKING, broadcasting).
 *
 * Whether it does is found out by heartbeats: keys that this process changes, and whose change it has to be told like
 * any other. The memory is believed while the newest of them that came back was sent at most 400 ms ago: then everything
 * that was withdrawn before that is known to have arrived. Otherwise it is emptied, and Redis is asked.
 *
 * In a cluster that is so for every master: the memory is believed while all are heard, and none of them says that slots
 * have changed hands. It is emptied when there is another one, which may have been read from before it was followed.
 *
 * @param nodes all that keys are read from and written to at the moment
 * @returns what stops following, and forgets
 */
export function followAccessState(
  redis: RedisClient,
  nodes: () => readonly Redis[] = () => mastersOf(redis),
): () => void {
  const facts = factMemory();
  const followed = new Map<Redis, Followed>();
  let asOf = Number.NEGATIVE_INFINITY;
  const look = () => {
    const present = new Set(nodes());
    for (const [node, { stop }] of followed) {
      if (present.has(node)) continue;
      followed.delete(node);
      stop();
      facts.clear();
    }
    for (const node of present) {
      if (followed.has(node)) continue;
      facts.clear();
      followed.set(node, followNode(node, { facts, heard: look, inCluster: redis instanceof Cluster }));
    }
    const heard = [...followed.values()].map(({ heardAt }) => heardAt());
    asOf = heard.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...heard);
  };
  look();
  const stopWatching = watchTopology(redis, look);
  remember(redis, {
    facts,
    asOf(now) {
      if (now - asOf <= BELIEVED) return asOf;
      facts.clear();
      return null;
    },
  });
  return () => {
    stopRemembering(redis);
    stopWatching();
    for (const { stop } of followed.values()) stop();
  };
}

const mastersOf = (redis: RedisClient): readonly Redis[] =>
  redis instanceof Cluster ? redis.nodes('master') : [redis];

function watchTopology(redis: RedisClient, look: () => void): () => void {
  const events = ['+node', '-node', 'refresh'];
  if (!(redis instanceof Cluster)) return () => {};
  for (const event of events) redis.on(event, look);
  return () => {
    for (const event of events) redis.off(event, look);
  };
}

type Followed = {
  /** When the newest heartbeat was sent that came back: milliseconds, monotonic. */
  heardAt(): number;
  stop(): void;
};

type Follower = { facts: FactMemory; heard: () => void; inCluster: boolean };

function followNode(node: Redis, { facts, heard, inCluster }: Follower): Followed {
  const stopping = new AbortController();
  let heardAt = Number.NEGATIVE_INFINITY;
  const hear = (sentAt: number) => {
    heardAt = sentAt;
    if (!stopping.signal.aborted) heard();
  };
  const follow = async () => {
    while (!stopping.signal.aborted) {
      await followOnce(node, { facts, hear, inCluster }, stopping.signal).catch(() => {});
      hear(Number.NEGATIVE_INFINITY);
      facts.clear();
      await pause(RECONNECT, undefined, { ref: false, signal: stopping.signal }).catch(() => {});
    }
  };
  follow();
  return { heardAt: () => heardAt, stop: () => stopping.abort() };
}

/** Resolves or rejects when it has to begin anew. */
async function followOnce(
  node: Redis,
  { facts, hear, inCluster }: Omit<Follower, 'heard'> & { hear: (sentAt: number) => void },
  stopped: AbortSignal,
): Promise<void> {
  // Redis tells by a message of RESP 2, on a connection that does nothing else.
  const listener = node.duplicate({ ...once, protocol: 2 });
  const control = node.duplicate(once);
  const over = new AbortController();
  const end = () => over.abort();
  for (const connection of [listener, control]) connection.on('error', () => {}).once('close', end);
  stopped.addEventListener('abort', end, { once: true });
  let beating: NodeJS.Timeout | undefined;
  try {
    await Promise.all([listener.connect(), control.connect()]);
    const topology = inCluster ? await topologyOf(control) : null;
    const follower = `${topology?.tag ?? ''}${randomBytes(9).toString('base64url')}`;
    let last = performance.now();
    const own = `${HEARTBEAT}${follower}:`;
    listener.on('messageBuffer', (channel: Buffer, keys: Buffer[] | null) => {
      if (String(channel) !== INVALIDATIONS) return;
      const told = keys === null ? null : tellApart(keys.map(String), own);
      if (told === null) return facts.clear();
      facts.forget(told.changed);
      for (const barrier of told.barriers) acknowledge(control, barrier, follower);
      if (told.sentAt === null || over.signal.aborted) return;
      last = performance.now();
      hear(told.sentAt);
    });
    const id = await listener.client('ID');
    await control.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', ACCESS);
    // Last, because from now on it is waited for.
    await listener.subscribe(INVALIDATIONS, followersChannel(node));
    const beat = async () => {
      const now = performance.now();
      if (now - last > SILENCE || isElsewhere(node, control)) return end();
      // Who has given slots away knows of it before anybody else, and is asked before the heart beats.
      if (topology && (await topologyOf(control)).text !== topology.text) return end();
      await control.eval(BEAT, 1, own + now);
    };
    const beatOrNot = () => beat().catch(() => {});
    beatOrNot();
    beating = setInterval(beatOrNot, INTERVAL);
    beating.unref();
    if (!over.signal.aborted) await new Promise(resolve => over.signal.addEventListener('abort', resolve));
  } finally {
    clearInterval(beating);
    stopped.removeEventListener('abort', end);
    listener.disconnect();
    control.disconnect();
  }
}

/** Behind Sentinels, each connection finds the master by itself: what is read must be what is followed. */
function isElsewhere(reading: Redis, following: Redis): boolean {
  return reading.options.sentinels != null && serverOf(reading) !== serverOf(following);
}

const serverOf = ({ stream }: Redis) => `${stream?.remoteAddress}:${stream?.remotePort}`;

/** What a message of Redis tells: keys that changed, barriers, and when the newest own heartbeat was sent. */
function tellApart(keys: readonly string[], own: string) {
  const changed: string[] = [];
  const barriers: string[] = [];
  let sentAt: number | null = null;
  for (const key of keys) {
    if (key.startsWith(HEARTBEAT)) {
      if (key.startsWith(own)) sentAt = Math.max(sentAt ?? 0, Number(key.slice(own.length)));
      continue;
    }
    const acknowledgements = acknowledgementsOf(key);
    if (acknowledgements === null) changed.push(key);
    else barriers.push(acknowledgements);
  }
  return { changed, barriers, sentAt };
}

function acknowledge(control: Redis, acknowledgements: string, follower: string): void {
  control
    .pipeline()
    .sadd(acknowledgements, follower)
    .pexpire(acknowledgements, ACKNOWLEDGED)
    .exec()
    .catch(() => {});
}
