import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { oneTimeToken } from './token.ts';

/** OWASP's minimum for Argon2id (the library's algorithm 2): 19 MiB of memory, two passes, one lane. */
const ARGON2ID = { algorithm: 2, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;

/** Argon2id hash in PHC string format; runs on the thread pool, about 9 ms of one core. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password.normalize('NFKC'), ARGON2ID));
}

/** Whether the password belongs to the hash. A malformed hash counts as a mismatch. */
export async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  try {
    return await inTurn(() => verify(passwordHash, password.normalize('NFKC')));
  } catch {
    return false;
  }
}

const waiting: (() => void)[] = [];
let running = 0;

/**
 * At most one hash a core at a time. More of them evict each other's 19 MiB from the cache: four at once on one core
 * do a third less than one after the other. It also bounds the memory that a flood of logins can take.
 */
async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  while (running >= availableParallelism()) await new Promise<void>(resolve => waiting.push(resolve));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

let decoy: Promise<string> | undefined;

/** A hash that no password matches, to spend on an unknown address the same work as on a known one. */
export function decoyPasswordHash(): Promise<string> {
  decoy ??= hashPassword(oneTimeToken());
  return decoy;
}
