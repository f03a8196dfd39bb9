import { accessTokenIssuer } from '@rivergate/caller';
import { SERVICES, serviceUrl } from '@rivergate/service';
import { z } from 'zod';

const Environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  PUBLIC_URL: z.url().default('http://localhost:8080'),
  REDIS_URL: z.string().min(1),
  INTERNAL_KEY: z.string().min(1),
  INTERNAL_JWKS: z.string().min(1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  METRICS_TOKEN: z.string().min(16).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
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
  const result = Environment.safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The environment is not complete:\n  ${problems.join('\n  ')}`);
  }
  const given = result.data;
  const issuer = accessTokenIssuer(given);
  return {
    host: given.HOST,
    port: given.PORT,
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
