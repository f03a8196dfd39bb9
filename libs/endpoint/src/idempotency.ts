import { createHash } from 'node:crypto';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { IdempotencyConflict } from './failure.ts';

/** The table of kept answers, in each service's own schema. */
export async function createIdempotencyTable(knex: Knex): Promise<void> {
  await knex.schema.createTable('idempotency_keys', table => {
    table.text('scope').notNullable();
    table.text('endpoint').notNullable();
    table.text('key_hash').notNullable();
    table.text('request_hash').notNullable();
    table.text('sealed_answer');
    table.timestamp('expires_at').notNullable().index();
    table.primary(['scope', 'endpoint', 'key_hash']);
  });
}

export interface KeptAnswer {
  status: number;
  payload: unknown;
}

export interface IdempotentRequest {
  /** Who may see the answer again. */
  scope: string;
  endpoint: string;
  key: string;
  /** Everything that makes the request what it is; with files, known once they have come. */
  request: () => unknown;
  seconds: number;
}

const digest = (value: string) => createHash('sha256').update(value).digest('hex');
const context = (request: IdempotentRequest) => `idempotency ${request.scope} ${request.endpoint}`;
const rowOf = ({ scope, endpoint, key }: IdempotentRequest) => ({ scope, endpoint, key_hash: digest(key) });

/**
 * What was kept for this key before this request came. A request that is under way has kept nothing yet.
 *
 * @returns the answer; `conflict` when the key was used for something else; undefined when it is free
 */
export async function lookUp(
  db: Knex,
  box: SecretBox,
  request: IdempotentRequest,
): Promise<KeptAnswer | 'conflict' | undefined> {
  const kept = await db('idempotency_keys')
    .where(rowOf(request))
    .andWhere('expires_at', '>=', db.fn.now())
    .first();
  return kept && opened(kept, box, request);
}

/**
 * Claims the key for this transaction. A second request with the key waits here until the first has committed,
 * then gets its answer; if the first rolled back, the second goes on as if it were alone.
 *
 * @returns the kept answer, or undefined when the request has to be carried out
 * @throws IdempotencyConflict when the key was used for something else
 */
export async function claimKey(
  db: Knex.Transaction,
  box: SecretBox,
  request: IdempotentRequest,
): Promise<KeptAnswer | undefined> {
  const row = rowOf(request);
  await db('idempotency_keys').where(row).andWhere('expires_at', '<', db.fn.now()).delete();
  const claimed = await db('idempotency_keys')
    .insert({
      ...row,
      request_hash: requestHash(box, request),
      expires_at: db.raw("now() + ? * interval '1 second'", [request.seconds]),
    })
    .onConflict(['scope', 'endpoint', 'key_hash'])
    .ignore()
    .returning('key_hash');
  if (claimed.length > 0) return undefined;
  const kept = await db('idempotency_keys').where(row).first();
  const answer = kept ? opened(kept, box, request) : 'conflict';
  if (answer === 'conflict') throw IdempotencyConflict();
  return answer;
}

// Keyed: the request may hold a password, which a plain hash would give away to whoever guesses.
const requestHash = (box: SecretBox, request: IdempotentRequest) =>
  box.codeHash(JSON.stringify(request.request()), context(request));

function opened(
  kept: { request_hash: string; sealed_answer: string },
  box: SecretBox,
  request: IdempotentRequest,
): KeptAnswer | 'conflict' {
  if (kept.request_hash !== requestHash(box, request)) return 'conflict';
  return JSON.parse(box.open(kept.sealed_answer, context(request)));
}

/** Keeps the answer, sealed: it may hold tokens. */
export async function keepAnswer(
  db: Knex.Transaction,
  box: SecretBox,
  request: IdempotentRequest,
  answer: KeptAnswer,
): Promise<void> {
  await db('idempotency_keys')
    .where(rowOf(request))
    .update({ sealed_answer: box.seal(JSON.stringify(answer), context(request)) });
}

/** Lets go of the key when the request was refused, so that a corrected state can be tried again. */
export async function releaseKey(db: Knex.Transaction, request: IdempotentRequest): Promise<void> {
  await db('idempotency_keys').where(rowOf(request)).delete();
}

/** Forgets answers past their time. */
export async function forgetExpiredAnswers(knex: Knex): Promise<void> {
  await knex('idempotency_keys').where('expires_at', '<', knex.fn.now()).delete();
}
