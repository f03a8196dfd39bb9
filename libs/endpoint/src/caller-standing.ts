import type { Principal } from '@rivergate/caller';
import type { Knex } from 'knex';
import { entitled, type PartsRead } from './authorize.ts';
import { isOld } from './current-caller.ts';
import type { Briefly } from './endpoint.ts';
import type { Runtime } from './runtime.ts';
import type { EndpointSpec } from './spec.ts';
import { bindCaller } from './transaction.ts';

/** What the caller of a request may do, for as long as it takes: the decision about it is made again when it has got old. */
export interface CallerStanding {
  /** Short transactions beside that of the request, bound as that is, for a caller who still may. */
  briefly: Briefly;
  /** Decides again where the decision has got old. @throws what the first decision would */
  renew(): Promise<void>;
}

/** For what outlives the decision that it began with: a body that comes for long, an answer that is made while it is sent. */
export function callerStanding(
  spec: EndpointSpec,
  { knex, standing }: Pick<Runtime, 'knex' | 'standing'>,
  request: { caller: Principal; decidedAt: number; parts: PartsRead },
): CallerStanding {
  let { caller, decidedAt } = request;
  const decide = async (db: Knex.Transaction) => {
    if (!isOld(spec, { caller, decidedAt })) return;
    const began = performance.now();
    caller = entitled(spec, await standing(caller, db, spec), request.parts);
    decidedAt = began;
  };
  return {
    briefly: (work, { takingBack } = {}) =>
      knex.transaction(async db => {
        if (!takingBack) await decide(db);
        await bindCaller(db, caller);
        return await work(db);
      }),
    async renew() {
      if (isOld(spec, { caller, decidedAt })) await knex.transaction(decide);
    },
  };
}
