import { type Logger, pino } from 'pino';

/** Names under which a secret could reach a log line; their values never do. */
const SECRET = [
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'access_token',
  'refresh_token',
  'code',
  'otp_code',
];

/** JSON lines on stdout. Queries keep their placeholders: pg's errors are cut down to what tells nothing of the values. */
export function createLog(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: { service: name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    redact: { paths: SECRET.flatMap(field => [field, `*.${field}`, `*.*.${field}`]), censor: '[secret]' },
    serializers: { err: withoutValues },
  });
}

/** PostgreSQL puts the offending values into `detail` and `parameters`; the rest of an error is safe to keep. */
function withoutValues(cause: unknown): object {
  if (!(cause instanceof Error)) return { message: String(cause) };
  const { code, table, column, constraint, severity } = cause as Error & Record<string, unknown>;
  const message = code === undefined ? cause.message : cause.message.replace(/^[\s\S]* - (?=[^-]*$)/, '');
  return {
    type: cause.name,
    message,
    stack: cause.stack?.slice(cause.stack.indexOf('\n    at ')).slice(0, 4_000),
    ...Object.fromEntries(
      Object.entries({ code, table, column, constraint, severity }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
    ...(cause.cause === undefined ? {} : { cause: withoutValues(cause.cause) }),
  };
}
