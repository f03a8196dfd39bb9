import { parseAllowedTargets, parseNameServers } from '@rivergate/outbound';
import { parseRedisUrl } from '@rivergate/redis/address';
import { z } from 'zod';

/** What the function reads of the text; what it throws is the reason for which the text is refused. */
const readBy =
  <Read>(read: (given: string) => Read) =>
  (given: string, context: z.RefinementCtx): Read => {
    try {
      return read(given);
    } catch (cause) {
      context.addIssue((cause as Error).message);
      return z.NEVER;
    }
  };

/** What every process of the fleet reads, the gateway as well as a service. */
export const processVariables = {
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  PUBLIC_URL: z.url().default('http://localhost:8080'),
  INTERNAL_KEY: z.string().min(1),
  INTERNAL_JWKS: z.string().min(1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  REDIS_URL: z.string().superRefine((given, context) => void readBy(parseRedisUrl)(given, context)),
  METRICS_TOKEN: z.string().min(16).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
};

const Environment = z.object({
  ...processVariables,
  NODE_ENV: z.string().default('production'),
  DATABASE_URL: z.url(),
  DATABASE_POOL: z.coerce.number().int().min(2).max(100).default(10),
  DATABASE_PREPARED: z.enum(['on', 'off']).default('on'),
  /** Seconds without an event after which an event stream shows that it is still there. */
  EVENT_HEARTBEAT: z.coerce.number().positive().default(15),
  /** Whither a URL of a user may lead although that would be refused. */
  OUTBOUND_ALLOW: z.string().default('').transform(readBy(parseAllowedTargets)),
  /** Name servers for the hosts of such URLs; default those of the system. */
  OUTBOUND_DNS: z.string().transform(readBy(parseNameServers)).optional(),
  /** Seconds for which an authentication counts as fresh. */
  FRESH_AUTHENTICATION_SECONDS: z.coerce.number().int().min(30).default(600),
  ENCRYPTION_KEY: z
    .base64()
    .refine(text => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64'),
});

/** What every service reads from its environment. */
export type Config = z.output<typeof Environment>;

/** @throws an Error that names every variable that is missing or wrong, never its value */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  return readEnvironment(Environment, env);
}

/** @throws an Error that names every variable that is missing or wrong, never its value */
export function readEnvironment<Schema extends z.ZodObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): z.output<Schema> {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  const problems = result.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The environment is not complete:\n  ${problems.join('\n  ')}`);
}
