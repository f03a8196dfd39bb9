import { type ConsumerTools, emit, serviceActor } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';

/** The transaction of a consumer as the business functions take it. What it emits names the user it is done for. */
export function consumerWork({ db, emit }: ConsumerTools): Work {
  return {
    db,
    emit: async (declaration, { aggregateId, organizationId = null, userId = null, data }) => {
      const by = userId === null ? {} : { actor: serviceActor('organization', userId) };
      await emit(declaration, { aggregateId, organizationId, data: data as never, ...by });
    },
  };
}

/** The same for what a schedule does, which nobody asked for. */
export function scheduledWork(db: Knex.Transaction): Work {
  return {
    db,
    emit: async (declaration, { aggregateId, organizationId = null, userId = null, data }) => {
      await emit(db, declaration, {
        aggregateId,
        organizationId,
        data: data as never,
        actor: serviceActor('organization', userId),
      });
    },
  };
}
