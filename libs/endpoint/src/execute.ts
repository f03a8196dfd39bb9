import { type Principal, projectAccess } from '@rivergate/caller';
import { type Actor, type CloudEvent, emit as emitEvent } from '@rivergate/events';
import type { Knex } from 'knex';
import { type Answer, failureAnswer, successAnswer } from './answer.ts';
import type { CallerStanding } from './caller-standing.ts';
import { currentCaller } from './current-caller.ts';
import type { Context, Emit, Endpoint, RequestFacts } from './endpoint.ts';
import { Failure, IdempotencyConflict } from './failure.ts';
import {
  claimKey,
  type IdempotentRequest,
  type KeptAnswer,
  keepAnswer,
  lookUp,
  releaseKey,
} from './idempotency.ts';
import type { Parts } from './input.ts';
import { type Precondition, prepareRead, requireUnchanged } from './precondition.ts';
import { addressKey, count } from './rate-limit.ts';
import { onlyReads } from './required-scope.ts';
import type { Runtime } from './runtime.ts';
import { Reply } from './spec.ts';
import { bindCaller } from './transaction.ts';

/** One request, read and authorized. */
export interface Execution {
  parts: Parts;
  caller: Principal;
  /** When the caller's rights were looked up: milliseconds by this process's monotonic clock. */
  decidedAt: number;
  request: RequestFacts;
  context: Context;
  standing: CallerStanding;
  idempotent: IdempotentRequest | undefined;
  precondition: Precondition | undefined;
  /** Go out with whatever is answered. */
  headers: Record<string, string>;
}

/**
 * Carries a request out: checks what the schema could not, answers a replay, counts what is none, prepares, opens the
 * transaction, lets the handler work, commits, and then does what waits for the commit. A failure that the handler
 * returns commits; one that it throws rolls back, and the endpoint may have it carried out once `again`. What was prepared is
 * undone where the request was not carried out. What only reads has no transaction (docs/decisions/0024).
 */
export async function execute(endpoint: Endpoint, runtime: Runtime, execution: Execution): Promise<Answer> {
  const { parts, request, context, idempotent, precondition } = execution;
  const input = { ...runtime.tools, ...context, ...parts, caller: execution.caller };
  endpoint.check?.(input as never);
  // What a request with files is, is known when they have come: such a replay is found in the transaction.
  const comparable = parts.files ? undefined : idempotent;
  const known = comparable && (await lookUp(runtime.knex, runtime.secretBox, comparable));
  if (known && known !== 'conflict') return replayed(known);
  // Also where the key was used for something else: asking again with other bodies must not be free of the limit.
  const { rateLimit } = endpoint.spec;
  if (rateLimit)
    Object.assign(execution.headers, await count(runtime, rateLimit, addressKey(execution.caller)));
  if (known === 'conflict') throw IdempotencyConflict();
  const preparedRead = precondition && (await prepareRead(precondition, input));
  let prepared = await endpoint.prepare?.(input as never);

  const events: CloudEvent[] = [];
  const waiting: (() => Promise<void>)[] = [];
  let finish: (() => Promise<unknown>) | undefined;
  let carriedOut = false;
  const carryOut = async (db: Knex.Transaction) => {
    const caller = await currentCaller(endpoint.spec, runtime, execution, db);
    await bindCaller(db, caller);
    if (idempotent) {
      const kept = await claimKey(db, runtime.secretBox, idempotent);
      if (kept) return replayed(kept);
    }
    if (precondition) await requireUnchanged(db, precondition, { ...input, caller }, preparedRead, runtime);
    const emit = emitterOf(db, caller, request, runtime.service, events);
    const outcome = await endpoint.handle({
      ...input,
      caller,
      prepared,
      db,
      emit,
      afterCommit: (work: () => Promise<void>) => waiting.push(work),
    } as never);
    if (outcome instanceof Failure) {
      if (idempotent) await releaseKey(db, idempotent);
      return failureAnswer(outcome, request.id, endpoint.spec);
    }
    const success = successAnswer(endpoint.spec, outcome, runtime);
    if (outcome instanceof Reply && outcome.options.finish) finish = finishing(outcome);
    if (idempotent) await keepAnswer(db, runtime.secretBox, idempotent, success);
    carriedOut = true;
    return success;
  };
  const transact = () =>
    onlyReads(endpoint.spec) ? carryOut(runtime.reading()) : runtime.knex.transaction(carryOut);
  const transaction = transact().catch(async cause => {
    const other = endpoint.again?.({ ...runtime.tools, prepared, cause } as never);
    if (other === undefined) throw cause;
    prepared = other;
    events.length = 0;
    waiting.length = 0;
    finish = undefined;
    carriedOut = false;
    return transact();
  });
  const committed = await transaction.then(
    () => carriedOut,
    () => false,
  );
  if (!committed) {
    await endpoint
      .undo?.({ ...input, prepared } as never)
      .catch((cause: unknown) => context.log.error({ err: cause }, 'What was prepared was not taken back'));
  }
  const answer = await transaction;

  const failed = (cause: unknown) => context.log.error({ err: cause }, 'Work after a commit failed');
  await Promise.all(events.map(event => projectAccess(runtime.redis, event).catch(failed)));
  for (const work of waiting) await work().catch(failed);
  if (!finish) return answer;
  try {
    return successAnswer(endpoint.spec, await finish(), runtime);
  } catch (cause) {
    context.log.error({ err: cause }, 'Finishing an answer failed');
    return answer;
  }
}

const replayed = (kept: KeptAnswer): Answer => ({ ...kept, headers: { 'idempotency-replayed': 'true' } });

const finishing =
  ({ options }: Reply<unknown>) =>
  async () =>
    new Reply(await options.finish!(), options);

/**
 * What writes events in a transaction on behalf of the caller.
 *
 * @param events takes each of them, for what follows the commit
 */
export function emitterOf(
  db: Knex.Transaction,
  caller: Principal,
  request: RequestFacts,
  service: string,
  events: CloudEvent[],
): Emit {
  return async (declaration, fact) => {
    const actor: Actor = {
      userId: fact.userId === undefined ? caller.userId : fact.userId,
      impersonatorId: fact.impersonatorId ?? caller.impersonator?.userId ?? null,
      service: caller.service ?? service,
      ip: request.ip,
      userAgent: request.userAgent,
      requestId: request.id,
      traceparent: request.traceparent,
    };
    const organizationId = fact.organizationId === undefined ? caller.organizationId : fact.organizationId;
    const { aggregateId, data } = fact;
    events.push(
      await emitEvent(db, declaration, { aggregateId, organizationId, actor, data: data as never }),
    );
  };
}
