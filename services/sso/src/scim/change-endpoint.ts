import {
  type Context,
  type Emit,
  type EndpointSpec,
  Failure,
  type Input,
  type Reply,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { endpoint, type SsoTools } from '../endpoint.ts';
import { baseOf } from './answer.ts';
import { noteAttempt } from './attempts/attempt-store.ts';
import type { Acting, Asked, Change, Changed, Provisioner } from './change.ts';

type Prepared = { failure: Failure } | { prepared: unknown };

/**
 * An endpoint that makes a change, and writes down what became of it: also of what is refused, which leaves nothing else
 * behind.
 */
export function changeEndpoint<const Spec extends EndpointSpec & { caller: 'scim' }>(
  spec: Spec,
  made: Change,
  asking: (input: Input<Spec>) => Asked,
  replying: (changed: Changed) => Reply<never>,
) {
  type Given = Input<Spec> & Context & SsoTools;
  const acting = (given: Given): Acting => ({
    briefly: given.briefly,
    call: given.call,
    request: given.request,
    mailer: given.mailer,
    caller: given.caller as unknown as Provisioner,
    base: baseOf(given.publicUrl),
  });
  return endpoint(spec, {
    prepare: (async (given: Given): Promise<Prepared> => {
      try {
        return { prepared: await made.prepare(asking(given), acting(given)) };
      } catch (cause) {
        if (cause instanceof Failure && cause.status < 500) return { failure: cause };
        throw cause;
      }
    }) as never,
    undo: (async ({ prepared, ...given }: Given & { prepared: Prepared }) => {
      if ('prepared' in prepared) await made.undo?.(prepared.prepared, acting(given as unknown as Given));
    }) as never,
    handle: (async ({
      prepared,
      db,
      emit,
      ...given
    }: Given & { prepared: Prepared; db: Knex.Transaction; emit: Emit }) => {
      const doing = acting(given as unknown as Given);
      const asked = asking(given as unknown as Given);
      const outcome =
        'failure' in prepared
          ? prepared.failure
          : await within(db, db => made.carryOut(asked, prepared.prepared, { ...doing, db, emit }));
      await noteAttempt(db, doing, made, asked, outcome);
      return outcome instanceof Failure ? outcome : replying(outcome);
    }) as never,
  });
}

/** Within a savepoint, so that what refuses leaves nothing behind but what is written down of it. */
export async function within<Result>(
  db: Knex.Transaction,
  work: (db: Knex.Transaction) => Promise<Result>,
): Promise<Result | Failure> {
  try {
    return await db.transaction(work);
  } catch (cause) {
    if (cause instanceof Failure && cause.status < 500) return cause;
    throw cause;
  }
}
