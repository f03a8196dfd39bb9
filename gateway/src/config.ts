import { accessTokenIssuer, reachedByOthers } from '@rivergate/caller';
import { processVariables, readEnvironment, SERVICES, serviceUrl } from '@rivergate/service';
import { z } from 'zod';

const DEFAULT_PORT = 8080;

const Environment = z.object({
  ...processVariables,
  REDIS_URL: z.string().min(1),
  /** Express's syntax for `trust proxy`: true, a number of hops, or addresses and ranges. */
  TRUST_PROXY: z.string().default('false'),
  /** Comma list of origins whose pages may call; default the platform's own. */
  CORS_ORIGINS: z.string().optional(),
  MAILBOX_URL: z.url().optional(),
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
};

/** @throws an Error that names every variable that is missing or wrong, never its value */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = readEnvironment(Environment, env);
  const issuer = accessTokenIssuer(given);
  if (given.MAILBOX_URL !== undefined) refusePublicMailbox(given.HOST, issuer);
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
