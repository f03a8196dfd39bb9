import type { Principal } from '@rivergate/caller';
import type { PartsRead } from './authorize.ts';
import { currentCaller } from './current-caller.ts';
import type { Briefly } from './endpoint.ts';
import type { Runtime } from './runtime.ts';
import type { EndpointSpec } from './spec.ts';
import { bindCaller } from './transaction.ts';

/**
 * What comes before the transaction of the request is bound as that is, and opens only for a caller who still may: what
 * a long upload writes is decided piece by piece.
 */
export function briefly(
  spec: EndpointSpec,
  runtime: Pick<Runtime, 'knex' | 'standing'>,
  request: { caller: Principal; decidedAt: number; parts: PartsRead },
): Briefly {
  let { caller, decidedAt } = request;
  return (work, { takingBack } = {}) =>
    runtime.knex.transaction(async db => {
      const looked = performance.now();
      const decide = () => currentCaller(spec, runtime, { ...request, caller, decidedAt }, db);
      const current = takingBack ? caller : await decide();
      if (current !== caller) [caller, decidedAt] = [current, looked];
      await bindCaller(db, caller);
      return await work(db);
    });
}
