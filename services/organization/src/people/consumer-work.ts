import type { Actor, ConsumerTools } from '@rivergate/events';
import type { Work } from '../endpoint.ts';

/** The transaction of a consumer as the business functions take it. What it emits names the user it is done for. */
export function consumerWork({ db, emit }: ConsumerTools): Work {
  return {
    db,
    emit: async (declaration, { aggregateId, organizationId = null, userId = null, data }) => {
      const by = userId === null ? {} : { actor: onBehalfOf(userId) };
      await emit(declaration, { aggregateId, organizationId, data: data as never, ...by });
    },
  };
}

function onBehalfOf(userId: number): Actor {
  return { userId, service: 'organization', ip: null, userAgent: null, requestId: null, traceparent: null };
}
