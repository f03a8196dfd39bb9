import { entitled } from '../authorize.ts';
import type { StreamTools } from '../content.ts';
import { isOld } from '../current-caller.ts';
import type { Execution } from '../execute.ts';
import type { Runtime } from '../runtime.ts';
import type { EndpointSpec } from '../spec.ts';
import { bindCaller } from '../transaction.ts';

/** What the caller of a stream may do, for as long as it is sent. */
export interface StreamStanding {
  within: StreamTools['within'];
  /** Decides again where the decision has got old. @throws what the first decision would */
  renew(): Promise<void>;
}

/** A stream outlives the decision that it began with, so it is made again, by `renew` before each piece goes out. */
export function streamStanding(
  spec: EndpointSpec,
  { knex, standing }: Pick<Runtime, 'knex' | 'standing'>,
  execution: Pick<Execution, 'caller' | 'decidedAt' | 'parts'>,
): StreamStanding {
  let { caller, decidedAt } = execution;
  const decide = async (db: Parameters<Runtime['standing']>[1]) => {
    if (!isOld(spec, { caller, decidedAt })) return;
    const began = performance.now();
    caller = entitled(spec, await standing(caller, db), execution.parts);
    decidedAt = began;
  };
  return {
    within: work =>
      knex.transaction(async db => {
        await decide(db);
        await bindCaller(db, caller);
        return await work(db);
      }),
    async renew() {
      if (isOld(spec, { caller, decidedAt })) await knex.transaction(decide);
    },
  };
}
