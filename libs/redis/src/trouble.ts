import { Cluster, Redis, type RedisOptions } from 'ioredis';

export type Log = { warn(facts: object, message: string): void };

/** Milliseconds in which one reason is told once: what cannot be connected to is tried several times a second. */
const REPEATED_AFTER = 60_000;

const BETWEEN_TRIES = / Retrying from scratch after \d+ms\./;
/** What ioredis says where it keeps the reason to itself: of connections to Sentinels, and of those that it asks for the nodes of a cluster. */
const REASONLESS = /Connection is closed\.$|^Failed to refresh slots cache\.$|Command timed out$/;
const LOGIN = /\b(WRONGPASS|NOAUTH)\b/;
/** Codes of OpenSSL's verification, and of Node's comparison of names. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|INVALID_|HOSTNAME_MISMATCH)/;

/**
 * Logs why Redis cannot be used.
 *
 * @param servers where the reason is found out when ioredis does not say it
 */
export function logTrouble(redis: Redis | Cluster, log: Log, servers: readonly RedisOptions[]): void {
  const told = new Map<string, number>();
  const isNews = (reason: string) => {
    const now = performance.now();
    if (now - (told.get(reason) ?? Number.NEGATIVE_INFINITY) < REPEATED_AFTER) return false;
    told.set(reason, now);
    return true;
  };
  const tell = async (cause: Error) => {
    const reason = cause.message.replace(BETWEEN_TRIES, '');
    if (!isNews(reason)) return;
    const found = REASONLESS.test(reason) ? await Promise.all(servers.map(reasonOf)) : [];
    const reasons = found.filter(one => one !== null);
    if (reasons.length === 0) log.warn({ reason }, saying(cause));
    for (const one of reasons) if (isNews(one.message)) log.warn({ reason: one.message }, saying(one));
  };
  redis.on('error', tell);
  if (redis instanceof Cluster) redis.on('node error', tell);
}

/** @returns null where the server lets itself be used */
async function reasonOf(server: RedisOptions): Promise<Error | null> {
  const redis = new Redis({ ...server, lazyConnect: true, retryStrategy: () => null });
  let said: Error | undefined;
  redis.on('error', (cause: Error) => {
    said ??= cause;
  });
  try {
    await redis.connect();
    return null;
  } catch (cause) {
    return said ?? (cause as Error);
  } finally {
    redis.disconnect();
  }
}

function saying({ message, code = '' }: Error & { code?: string }): string {
  if (CERTIFICATE.test(code))
    return 'The certificate of Redis is refused; an authority of your own is named by NODE_EXTRA_CA_CERTS';
  if (LOGIN.test(message)) return 'Redis refuses the user or the password';
  return 'Redis does not answer';
}
