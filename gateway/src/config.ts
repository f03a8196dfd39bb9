import { accessTokenIssuer } from '@rivergate/caller/access-token';
import { reachedByOthers } from '@rivergate/caller/address';
import { processVariables, readEnvironment } from '@rivergate/service/config';
import { SERVICES, serviceUrl } from '@rivergate/service/services';
import { z } from 'zod';
import { workerCount } from './workers/worker-count.ts';

const DEFAULT_PORT = 8080;
/** Connections to each service. */
const CONNECTIONS = 256;
/** More of them for answers that are streams. */
const STREAMS = 1_024;

const Environment = z.object({
  ...processVariables,
  /** Express's syntax for `trust proxy`: true, a number of hops, or addresses and ranges. */
  TRUST_PROXY: z.string().default('false'),
  /** Comma list of origins whose pages may call; default the platform's own. */
  CORS_ORIGINS: z.string().optional(),
  MAILBOX_URL: z.url().optional(),
  DPOP_NONCE_REQUIRED: z.stringbool().default(false),
  POLICY_SAMPLES: z.stringbool().default(true),
  /** Requests that may be open at once, from their headers to the end of their answers. */
  OPEN_REQUESTS_PER_ADDRESS: z.coerce.number().int().positive().default(100),
  OPEN_REQUESTS_PER_USER: z.coerce.number().int().positive().default(100),
  /** Bytes of request bodies that are held in memory at once. */
  BODY_MEMORY: z.coerce
    .number()
    .int()
    .positive()
    .default(256 * 1024 * 1024),
  /** Seconds over which the pace of a client that sends a body is measured. */
  BODY_WINDOW: z.coerce.number().positive().default(10),
  /** Seconds within which a client has to take what there is of its answer. */
  ANSWER_WINDOW: z.coerce.number().positive().default(30),
  /** Milliseconds that a request waits for a connection to its service. */
  CONNECTION_WAIT: z.coerce.number().int().positive().default(2_000),
});

export type Upstream = { name: string; url: string };

export type Config = {
  host: string;
  port: number;
  publicUrl: string;
  issuer: string;
  redisUrl: string;
  logLevel: string;
  metricsToken: string | null;
  traceEndpoint: string | undefined;
  trustProxy: string;
  corsOrigins: readonly string[];
  services: readonly Upstream[];
  mailbox: Upstream | null;
  /** Whether is kept for a day what requests there were, to try policies on. */
  policySamples: boolean;
  /** Whether DPoP proofs have to repeat a nonce. */
  dpopNonceRequired: boolean;
  openRequests: { perAddress: number; perUser: number };
  /** Bytes, and seconds. */
  bodies: { memory: number; window: number };
  /** Milliseconds */
  answerPatience: number;
  /** Connections to each service, and milliseconds that a request waits for one. */
  connections: { most: number; streams: number; wait: number };
  /** Processes that answer on the port; what is limited above is this one's part. */
  workers: number;
};

/** @throws an Error that names every variable that is missing or wrong, never its value */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = readEnvironment(Environment, env);
  const issuer = accessTokenIssuer(given);
  if (given.MAILBOX_URL !== undefined) refusePublicMailbox(given.HOST, issuer);
  const workers = workerCount(env.GATEWAY_WORKERS);
  // Rounded up: none is left without a part, and one worker has all of it.
  const part = (whole: number) => Math.ceil(whole / workers);
  return {
    host: given.HOST,
    port: given.PORT ?? DEFAULT_PORT,
    publicUrl: issuer,
    issuer,
    redisUrl: given.REDIS_URL,
    logLevel: given.LOG_LEVEL,
    metricsToken: given.METRICS_TOKEN ?? null,
    traceEndpoint: given.OTEL_EXPORTER_OTLP_ENDPOINT,
    trustProxy: given.TRUST_PROXY,
    corsOrigins: (given.CORS_ORIGINS ?? new URL(issuer).origin)
      .split(',')
      .map(origin => origin.trim())
      .filter(Boolean),
    services: SERVICES.map(({ name }) => ({ name, url: serviceUrl(env, name) })),
    mailbox: given.MAILBOX_URL ? { name: 'mailbox', url: given.MAILBOX_URL.replace(/\/+$/, '') } : null,
    policySamples: given.POLICY_SAMPLES,
    dpopNonceRequired: given.DPOP_NONCE_REQUIRED,
    openRequests: {
      perAddress: part(given.OPEN_REQUESTS_PER_ADDRESS),
      perUser: part(given.OPEN_REQUESTS_PER_USER),
    },
    bodies: { memory: part(given.BODY_MEMORY), window: given.BODY_WINDOW },
    answerPatience: 1_000 * given.ANSWER_WINDOW,
    connections: { most: part(CONNECTIONS), streams: part(STREAMS), wait: given.CONNECTION_WAIT },
    workers,
  };
}

/** A mailbox shows every code to whoever opens it: it has no place where others come. */
function refusePublicMailbox(host: string, publicUrl: string): void {
  const found = reachedByOthers(host, publicUrl);
  if (found === null) return;
  throw new Error(
    `MAILBOX_URL is set, and ${found}: a mailbox shows every mailed code to whoever opens it.\n` +
      '  Set SMTP_URL of the services to a mail server and leave MAILBOX_URL out.',
  );
}
