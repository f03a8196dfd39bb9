import { type Principal, projectAccess } from '@rivergate/caller';
import { type Actor, type CloudEvent, emit as emitEvent } from '@rivergate/events';
import type { Knex } from 'knex';
import { type Answer, failureAnswer, successAnswer } from './answer.ts';
import { requireDeclared } from './declared-answer.ts';
import type { Context, Emit, Endpoint, RequestFacts } from './endpoint.ts';
import { Failure } from './failure.ts';
import { claimKey, type IdempotentRequest, keepAnswer, releaseKey } from './idempotency.ts';
import type { Parts } from './input.ts';
import { type Precondition, prepareRead, requireUnchanged } from './precondition.ts';
import type { Runtime } from './runtime.ts';
import { Reply } from './spec.ts';
import { bindCaller } from './transaction.ts';

/** One request, read and authorized. */
export interface Execution {
  parts: Parts;
  caller: Principal;
  request: RequestFacts;
  context: Context;
  idempotent: IdempotentRequest | undefined;
  precondition: Precondition | undefined;
}

/**
 * Carries a request out: prepares, opens the transaction, lets the handler work, commits, and then does what waits
 * for the commit. A failure that the handler returns commits; one that it throws rolls back.
 */
export async function execute(endpoint: Endpoint, runtime: Runtime, execution: Execution): Promise<Answer> {
  const { parts, caller, request, context, idempotent, precondition } = execution;
  const input = { ...runtime.tools, ...context, ...parts, caller };
  const preparedRead = precondition && (await prepareRead(precondition, input));
  const prepared = await endpoint.prepare?.(input as never);

  const events: CloudEvent[] = [];
  const waiting: (() => Promise<void>)[] = [];
  let finish: (() => Promise<unknown>) | undefined;
  const answer = await runtime.knex.transaction(async db => {
    await bindCaller(db, caller);
    if (idempotent) {
      const kept = await claimKey(db, runtime.secretBox, idempotent);
      if (kept) return { ...kept, headers: { 'idempotency-replayed': 'true' } };
    }
    if (precondition) await requireUnchanged(db, precondition, input, preparedRead, runtime.strictness);
    const emit = emitterOf(db, caller, request, runtime.service, events);
    const outcome = await endpoint.handle({
      ...input,
      prepared,
      db,
      emit,
      afterCommit: (work: () => Promise<void>) => waiting.push(work),
    } as never);
    if (outcome instanceof Failure) {
      requireDeclared(endpoint.spec, outcome, runtime.strictness, context.log);
      if (idempotent) await releaseKey(db, idempotent);
      return failureAnswer(outcome, request.id);
    }
    const success = successAnswer(endpoint.spec, outcome, runtime.strictness);
    if (outcome instanceof Reply && outcome.options.finish) finish = finishing(outcome);
    if (idempotent) await keepAnswer(db, runtime.secretBox, idempotent, success);
    return success;
  });

  const projecting = events.map(event => () => projectAccess(runtime.redis, event));
  for (const work of [...projecting, ...waiting]) {
    await work().catch((cause: unknown) => context.log.error({ err: cause }, 'Work after a commit failed'));
  }
  if (!finish) return answer;
  try {
    return successAnswer(endpoint.spec, await finish(), runtime.strictness);
  } catch (cause) {
    context.log.error({ err: cause }, 'Finishing an answer failed');
    return answer;
  }
}

const finishing =
  ({ options }: Reply<unknown>) =>
  async () =>
    new Reply(await options.finish!(), options);

function emitterOf(
  db: Knex.Transaction,
  caller: Principal,
  request: RequestFacts,
  service: string,
  events: CloudEvent[],
): Emit {
  return async (declaration, fact) => {
    const actor: Actor = {
      userId: fact.userId === undefined ? caller.userId : fact.userId,
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
