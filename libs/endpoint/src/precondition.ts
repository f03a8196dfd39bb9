import type { Principal } from '@rivergate/caller';
import type { Request } from 'express';
import type { Knex } from 'knex';
import { type AnswerRules, successAnswer } from './answer.ts';
import { requireKind, requireRights } from './authorize.ts';
import { tagOf } from './conditional-read.ts';
import { mayBeConditional } from './declared-errors.ts';
import type { Endpoint } from './endpoint.ts';
import { matches } from './entity-tag.ts';
import { Failure, PreconditionFailed } from './failure.ts';
import { requireFreshAuthentication } from './fresh-authentication.ts';
import { type InputReader, inputReader, type Parts } from './input.ts';
import { publicPath, requestTarget } from './path.ts';
import type { Runtime } from './runtime.ts';

/** What a change demands of the resource that it is about: that which the GET endpoint of the same path shows. */
export interface Precondition {
  ifMatch: string | undefined;
  /** By it changes of one resource know each other. */
  path: string;
  read: Endpoint;
  /** What the read takes; undefined where nothing is to be compared. */
  parts: Parts | undefined;
}

/**
 * Finds the precondition of a request; undefined for what changes nothing that a GET endpoint shows at its path.
 *
 * @throws PreconditionFailed for a tag sent to what has none, and what the read refuses to this caller
 */
export type PreconditionOf = (
  endpoint: Endpoint,
  request: Request,
  caller: Principal,
  params: Record<string, unknown>,
) => Precondition | undefined;

export function preconditions(
  endpoints: readonly Endpoint[],
  { log, freshSeconds }: Pick<Runtime, 'log' | 'freshSeconds'>,
): PreconditionOf {
  const reads = new Map<string, { endpoint: Endpoint; reader: InputReader }>();
  for (const endpoint of endpoints) {
    if (endpoint.spec.method !== 'get') continue;
    reads.set(publicPath(endpoint.spec), { endpoint, reader: inputReader(endpoint.spec) });
  }
  return ({ spec }, request, caller, params) => {
    // SCIM's tags are weak, and its handlers compare them with the version that they change.
    if (spec.method === 'get' || spec.protocol === 'scim') return undefined;
    const { path } = requestTarget(spec, { params });
    const ifMatch = request.get('if-match');
    // POST makes something else than what is shown there.
    const resource = mayBeConditional(spec) ? reads.get(publicPath(spec)) : undefined;
    if (!resource && ifMatch === undefined) return undefined;
    if (!resource) throw PreconditionFailed('This has no entity tag that the one sent could match');
    const { endpoint, reader } = resource;
    if (ifMatch === undefined) return { ifMatch, path, read: endpoint, parts: undefined };
    requireKind(endpoint.spec, caller, log);
    requireRights(endpoint.spec, caller, { params });
    requireFreshAuthentication(endpoint.spec, caller, freshSeconds);
    const { headers } = request;
    const parts = {
      params: reader.params(request),
      ...reader.rest({ originalUrl: '', headers, query: {} }, { value: {} }),
    };
    return { ifMatch, path, read: endpoint, parts };
  };
}

/** Does what the read does before a transaction. `input` is what its handler has beside its own input. */
export async function prepareRead({ read, parts }: Precondition, input: object): Promise<unknown> {
  return parts && (await read.prepare?.({ ...input, ...parts } as never));
}

/**
 * Compares the resource as it is with the tag that the caller holds (RFC 9110, section 13.1.1), and keeps other
 * changes by the same path waiting until this transaction ends: of two with the same tag one wins. Changes that are
 * not conditional do not wait for each other, but for those that are.
 *
 * @throws PreconditionFailed, and what the read itself refuses
 */
export async function requireUnchanged(
  db: Knex.Transaction,
  { ifMatch, path, read, parts }: Precondition,
  input: object,
  prepared: unknown,
  rules: AnswerRules,
): Promise<void> {
  const lock = ifMatch === undefined ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await db.raw(`select ${lock}(hashtextextended(?, 0))`, [path]);
  if (ifMatch === undefined) return;
  // Within a savepoint, so that what the read binds its transaction to does not outlast it.
  const nested = await db.transaction();
  try {
    const facts = { db: nested, prepared, emit: async () => {}, afterCommit: () => {} };
    const outcome = await read.handle({ ...input, ...parts, ...facts } as never);
    if (outcome instanceof Failure) throw outcome;
    const answer = successAnswer(read.spec, outcome, rules);
    const tag = tagOf(answer);
    if (tag === undefined || !matches(ifMatch, tag)) throw PreconditionFailed();
  } finally {
    await nested.rollback();
  }
}
