import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { clone, DEFAULT_PORT } from './roster.ts';

export type Options = { port: number; dataDirectory: string; reset: boolean; help: boolean };

export class BadOption extends Error {}

/** Reads what stands behind `npm start --`. Paths are relative to where the command was typed. */
export function readOptions(args: string[]): Options {
  let values: { port?: string; 'data-dir'?: string; reset?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: 'string', short: 'p' },
        'data-dir': { type: 'string' },
        reset: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new BadOption(`${(error as Error).message}\nnpm start -- --help lists the options.`);
  }
  const given = values['data-dir'];
  if (given === '') throw new BadOption('--data-dir needs a directory.');
  return {
    port: readPort(values.port),
    dataDirectory:
      given === undefined ? resolve(clone, '.fleet') : resolve(process.env.INIT_CWD ?? process.cwd(), given),
    reset: values.reset ?? false,
    help: values.help ?? false,
  };
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new BadOption(`--port takes a number from 1 to 65535 (or 0 for any free port), not "${text}".`);
}

export const HELP = `
  npm start [-- options]       starts Rivergate: PostgreSQL, Redis, a mailbox, the gateway and the services
  npm run dev [-- options]     the same, and restarts what changed when a file is saved

  --port NUMBER                of the gateway; ${DEFAULT_PORT} if not given
  --data-dir DIRECTORY         where everything is kept; .fleet in the clone if not given
  --reset                      wipe that directory first
  --help                       this text

  Set in the environment, these are used instead of what is provisioned here:
    DATABASE_ADMIN_URL         a PostgreSQL, by the URL of an administrator
    REDIS_URL                  a Redis
    SMTP_URL, MAIL_FROM        a mail server (without it mails are at /dev/mailbox, for this machine only:
                               HOST and PUBLIC_URL must then not lead others here)
    KAFKA_BROKERS              Kafka (without it events are kept in PostgreSQL)
  And these are passed on: HOST, PUBLIC_URL, TRUST_PROXY, LOG_LEVEL, METRICS_TOKEN,
    RATE_LIMIT_<CLASS>, OTEL_EXPORTER_OTLP_ENDPOINT, ENCRYPTION_KEY
`;
