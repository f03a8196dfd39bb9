/** SQLSTATE classes and codes of a PostgreSQL that is away, going away, coming back or full (appendix A). */
const SQLSTATE = /^(?:08...|53...|57P0[123])$/;

/** A connection that was refused, lost or never made, by node's name for it. */
const CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Errors by name: knex found no free connection in time; ioredis gave up trying, with one server or all of a cluster. */
const NAMES = new Set([
  'KnexTimeoutError',
  'TimeoutError',
  'MaxRetriesPerRequestError',
  'ClusterAllFailedError',
]);

/** What pg, knex and ioredis say without a code. Knex puts the statement before it. */
const CONNECTION_LOST =
  /(?:^| - )(?:Connection terminated(?: unexpectedly| due to connection timeout)?|Client has encountered a connection error and is not queryable|Unable to acquire a connection|Connection is closed\.|Command timed out|Stream isn't writeable and enableOfflineQueue options is false)$/;

/** What ioredis says of a cluster, or of Sentinels, that cannot be reached or point in circles. */
const NO_MASTER =
  /^(?:Cluster isn't ready and enableOfflineQueue options is false|Cluster is ended\.|None of startup nodes is available|Failed to refresh slots cache\.|Too many Cluster redirections\.|All sentinels are unreachable)/;

/** What Redis answers while it cannot serve. */
const REDIS_REFUSES =
  /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|READONLY|NOREPLICAS|OOM|TRYAGAIN|MOVED|ASK|UNBLOCKED) /;

/** Whether it failed because PostgreSQL or Redis is away: nothing is wrong with the request, and later it may do. */
export function isAway(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as { code?: unknown };
  if (typeof code === 'string' && (SQLSTATE.test(code) || CONNECTION.has(code))) return true;
  if (NAMES.has(cause.name)) return true;
  if ([CONNECTION_LOST, NO_MASTER, REDIS_REFUSES].some(known => known.test(cause.message))) return true;
  if (cause instanceof AggregateError) return cause.errors.some(isAway);
  return isAway(cause.cause);
}
