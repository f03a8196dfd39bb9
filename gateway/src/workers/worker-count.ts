import { availableParallelism } from 'node:os';

const MOST = 64;

/**
 * How many processes answer on the gateway's port, by GATEWAY_WORKERS: a number, or `auto` for as many as there are
 * processors for this process; one where nothing is said.
 *
 * @throws an Error that names the variable
 */
export function workerCount(given: string | undefined): number {
  if (given === undefined || given === '') return 1;
  if (given === 'auto') return Math.min(availableParallelism(), MOST);
  const count = Number(given);
  if (/^\d+$/.test(given) && count >= 1 && count <= MOST) return count;
  throw new Error(`GATEWAY_WORKERS: must be a number from 1 to ${MOST}, or auto`);
}
