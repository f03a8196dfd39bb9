import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { parseRedisUrl, type RedisAddress } from './address.ts';
import { type Log, logTrouble } from './trouble.ts';

/** A connection to Redis, or those to the masters of a cluster. */
export type RedisClient = Redis | Cluster;

/**
 * What becomes of a command while Redis is away: it fails at once; it waits a second for it to come back; it waits until
 * it is back, as what a queue is worked off with.
 */
export type WhileAway = 'fails' | 'waits' | 'queues';

/** Milliseconds without an answer, after which a connection is given up: longer than an idle worker waits for one. */
const LONGEST_BLOCK = 3_000;

const OF_ONE_SERVER: Record<WhileAway, RedisOptions> = {
  fails: { enableOfflineQueue: false, maxRetriesPerRequest: 0, socketTimeout: 1_000 },
  waits: { maxRetriesPerRequest: 1, commandTimeout: 1_000, socketTimeout: 2_000 },
  queues: { maxRetriesPerRequest: null, socketTimeout: LONGEST_BLOCK },
};

/** A node that is away is asked for by its place in the cluster: the tries are those until another has that place. */
const OF_A_CLUSTER: Record<WhileAway, ClusterOptions> = {
  fails: {
    enableOfflineQueue: false,
    maxRedirections: 3,
    redisOptions: { connectTimeout: 1_000, commandTimeout: 1_000, socketTimeout: 1_000 },
  },
  waits: {
    enableOfflineQueue: false,
    maxRedirections: 16,
    redisOptions: { connectTimeout: 1_000, commandTimeout: 1_000, socketTimeout: 2_000 },
  },
  queues: {
    // Not for long: BullMQ gives a blocking command up that outlasts its timeout by a second, and where that is still
    // looking for its master, waits for ever for its connection to close.
    maxRedirections: 16,
    redisOptions: { maxRetriesPerRequest: null, socketTimeout: LONGEST_BLOCK },
  },
};

const retryStrategy = (attempt: number) => Math.min(50 * attempt, 500);

/** Milliseconds. */
const CONNECT_TIMEOUT = 2_000;

/**
 * A connection that gives up quickly, unless it queues: whoever asks has an answer for Redis being away.
 *
 * @param url see `parseRedisUrl`
 */
export function connectRedis(url: string, log: Log, whileAway: WhileAway): RedisClient {
  const address = parseRedisUrl(url);
  const redis = open(address, whileAway);
  logTrouble(redis, log, serversOf(address));
  return redis;
}

function open(address: RedisAddress, whileAway: WhileAway): RedisClient {
  const { tls } = securityOf(address);
  const options = { connectTimeout: CONNECT_TIMEOUT, retryStrategy, ...OF_ONE_SERVER[whileAway] };
  if (address.form === 'single') return new Redis(address.url, { ...options, ...securityOf(address) });
  if (address.form === 'cluster') {
    const { redisOptions, ...ofCluster } = OF_A_CLUSTER[whileAway];
    return new Cluster(address.nodes, {
      clusterRetryStrategy: retryStrategy,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
      retryDelayOnTryAgain: 20,
      slotsRefreshInterval: 5_000,
      // Certificates are made out for names, which a lookup would turn into addresses.
      ...(tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
      ...ofCluster,
      redisOptions: { ...redisOptions, ...address.login, ...securityOf(address) },
    });
  }
  const { username, password } = address.sentinelLogin;
  return new Redis({
    ...options,
    sentinels: address.sentinels,
    name: address.master,
    db: address.database,
    ...address.login,
    ...(username ? { sentinelUsername: username } : {}),
    ...(password ? { sentinelPassword: password } : {}),
    ...(tls ? { enableTLSForSentinelMode: true, tls, sentinelTLS: tls } : {}),
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: 1_000,
    // One that is a replica now: the Sentinels know who is not.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  });
}

/** TLS, where it is asked for, looks at the certificate whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
const securityOf = ({ tls }: RedisAddress): Pick<RedisOptions, 'tls'> =>
  tls ? { tls: { rejectUnauthorized: true } } : {};

/** Those that are asked where the masters are. */
function serversOf(address: RedisAddress): RedisOptions[] {
  if (address.form === 'single') return [];
  const [servers, login] =
    address.form === 'cluster' ? [address.nodes, address.login] : [address.sentinels, address.sentinelLogin];
  const common = { ...login, ...securityOf(address), connectTimeout: CONNECT_TIMEOUT };
  // A Sentinel lets the user with the least rights not ask for more than the master.
  return servers.map(server => ({ ...server, ...common, enableReadyCheck: false }));
}

/** A connection of its own for messages that are published, which waits for Redis and subscribes anew by itself. */
export function listenerOf(redis: RedisClient): RedisClient {
  if (redis instanceof Cluster) return redis.duplicate([], { enableOfflineQueue: true });
  return redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
}

/** Resolves when the connection stands, or after `milliseconds` without it. */
export function whenConnected(redis: RedisClient, milliseconds: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
