import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { clone } from '../launch/roster.ts';
import type { KeptHead } from './verify-chain.ts';

export type VerifyOptions = {
  /** Only the chain of this one; undefined: all chains. */
  organization: number | undefined;
  dataDirectory: string;
  /** Heads that were kept outside. */
  against: KeptHead[];
  /** File to which the heads are written. */
  keep: string | undefined;
};

/** Reads what stands behind `npm run audit:verify --`. @throws an Error that says what is wrong with it */
export function readVerifyOptions(args: string[]): VerifyOptions {
  const { values } = parseArgs({
    args,
    options: {
      organization: { type: 'string' },
      'data-dir': { type: 'string' },
      against: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const { organization, against, keep } = values;
  if (organization !== undefined && !/^\d{1,15}$/.test(organization))
    throw new Error(`--organization takes the number of an organization, not "${organization}".`);
  const path = (given: string) => resolve(process.env.INIT_CWD ?? process.cwd(), given);
  const directory = values['data-dir'];
  return {
    organization: organization === undefined ? undefined : Number(organization),
    dataDirectory: directory === undefined ? resolve(clone, '.fleet') : path(directory),
    against: against === undefined ? [] : readHeads(path(against)),
    keep: keep === undefined ? undefined : path(keep),
  };
}

/** One head a line, as `--keep` writes them, or one answer of the endpoint. */
function readHeads(file: string): KeptHead[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map(line => {
    const json = JSON.parse(line);
    const head = json.data?.head ?? json.head ?? json;
    if (![head.organization_id, head.sequence].every(Number.isSafeInteger) || !head.root_hash)
      throw new Error(`${file} holds a line that is no head of an audit log.`);
    return head;
  });
}
