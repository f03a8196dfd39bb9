import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { clone, DEFAULT_PORT } from './roster.ts';

export type Options = { port: number; dataDirectory: string; reset: boolean };

export class BadOption extends Error {}

/** Reads what stands behind `npm start --`. Paths are relative to where the command was typed. */
export function readOptions(args: string[]): Options {
  let values: { port?: string; 'data-dir'?: string; reset?: boolean };
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: 'string', short: 'p' },
        'data-dir': { type: 'string' },
        reset: { type: 'boolean' },
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
  };
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new BadOption(`--port takes a number from 1 to 65535 (or 0 for any free port), not "${text}".`);
}
