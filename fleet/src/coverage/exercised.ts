import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clone } from '../launch/roster.ts';

/** Where tests note what they exercised: a line `METHOD path status` each. */
export const EXERCISED_FILE = join(clone, '.test', 'exercised-endpoints.txt');

/** What tests have exercised so far in this clone; empty before the first `npm test`. */
export function exercisedEndpoints(): string[] {
  return existsSync(EXERCISED_FILE) ? readFileSync(EXERCISED_FILE, 'utf8').trim().split('\n') : [];
}
