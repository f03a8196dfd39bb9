const DEADLINE_MS = 5_000;

/** What is wrong with a store that the operator named, and what to do about it; never with its password. */
export class StoreUnusable extends Error {}

/**
 * Finds out whether the stores that the operator set can be used, before anything is started: a service that cannot
 * reach its store only tries again and again.
 *
 * @throws StoreUnusable, which names the variable
 */
export async function reachStores(operator: NodeJS.ProcessEnv): Promise<void> {
  const checks = [
    operator.DATABASE_ADMIN_URL && reachDatabase(operator.DATABASE_ADMIN_URL),
    operator.REDIS_URL && reachRedis(operator.REDIS_URL),
  ];
  const results = await Promise.allSettled(checks);
  const problems = results.flatMap(result => (result.status === 'rejected' ? [result.reason.message] : []));
  if (problems.length > 0) throw new StoreUnusable(problems.join('\n'));
}

async function reachDatabase(given: string): Promise<void> {
  const variable = 'DATABASE_ADMIN_URL';
  const url = parse(
    variable,
    given,
    ['postgres:', 'postgresql:'],
    'postgres://user:password@host:5432/postgres',
  );
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: DEADLINE_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('select rolsuper from pg_roles where rolname = current_user');
    if (!rows[0]?.rolsuper)
      throw new StoreUnusable(
        `${variable}: the user at ${url.host} is not a superuser, so it cannot create the roles of the services.`,
      );
  } catch (error) {
    throw explained(variable, 'PostgreSQL', url, error);
  } finally {
    await client.end().catch(() => {});
  }
}

async function reachRedis(given: string): Promise<void> {
  if (/^rediss?\+/.test(given)) return reachMaster(given);
  const url = parse('REDIS_URL', given, ['redis:', 'rediss:'], 'redis://:password@host:6379/0');
  const { Redis } = await import('ioredis');
  const redis = new Redis(url.href, {
    lazyConnect: true,
    connectTimeout: DEADLINE_MS,
    commandTimeout: DEADLINE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  const failed = new Promise<never>((_, reject) => redis.once('error', reject));
  try {
    // The event says why it failed, the rejected command only that it did.
    await Promise.race([
      failed,
      redis.connect().then(
        () => redis.ping(),
        () => failed,
      ),
    ]);
  } catch (error) {
    throw explained('REDIS_URL', 'Redis', url, error);
  } finally {
    redis.disconnect();
  }
}

/** Of a cluster, or behind Sentinels. */
async function reachMaster(url: string): Promise<void> {
  const { connectRedis, parseRedisUrl, whenConnected } = await import('@rivergate/redis');
  try {
    parseRedisUrl(url);
  } catch (cause) {
    throw new StoreUnusable(`REDIS_URL ${(cause as Error).message}.`);
  }
  let said = 'no answer in time';
  const log = {
    warn: ({ reason }: { reason?: string }) => {
      said = reason ?? said;
    },
  };
  const redis = connectRedis(url, log, 'fails');
  try {
    await whenConnected(redis, DEADLINE_MS);
    if (redis.status === 'ready') await redis.ping();
    else throw new Error(said);
  } catch (cause) {
    const instead = 'Correct it, or start without REDIS_URL: then Rivergate brings a Redis of its own.';
    throw new StoreUnusable(`REDIS_URL: no master answers there (${(cause as Error).message}). ${instead}`);
  } finally {
    redis.disconnect();
  }
}

function parse(variable: string, given: string, protocols: string[], example: string): URL {
  const url = URL.parse(given);
  if (url?.hostname && protocols.includes(url.protocol)) return url;
  throw new StoreUnusable(`${variable} is not an address like ${example}.`);
}

function explained(variable: string, store: string, url: URL, error: unknown): StoreUnusable {
  if (error instanceof StoreUnusable) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const instead = `Correct it, or start without ${variable}: then Rivergate brings a ${store} of its own.`;
  if (code.startsWith('28') || /WRONGPASS|NOAUTH|invalid username-password|password/i.test(message)) {
    return new StoreUnusable(
      `${variable}: ${store} at ${url.host} refuses the user or the password. ${instead}`,
    );
  }
  if (
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|timeout|timed out/i.test(
      `${code} ${message}`,
    )
  ) {
    return new StoreUnusable(
      `${variable}: no ${store} answers at ${url.host} (${code || 'no answer in time'}). Start it there. ${instead}`,
    );
  }
  return new StoreUnusable(`${variable}: ${store} at ${url.host} cannot be used: ${message}. ${instead}`);
}
