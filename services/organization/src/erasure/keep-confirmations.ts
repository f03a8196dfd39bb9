import {
  type CloudEvent,
  catalogue,
  consumer,
  eraseAudited,
  on,
  serviceOf,
  userErasureFinished,
} from '@rivergate/events';
import { confirm } from './erasure-store.ts';

/** Events by which services say that what they held of a user is gone. */
const CONFIRMATIONS = catalogue.filter(({ type }) => type.endsWith('.user.erased'));

/** Keeps which service has erased a user, and says when all have. */
export const keepConfirmations = consumer({
  name: 'erasure-confirmations',
  on: CONFIRMATIONS.map(declaration =>
    on(declaration, async ({ data, time }: CloudEvent, { db, emit }) => {
      const { erasure_id } = data as { erasure_id: number };
      const finished = await confirm(db, erasure_id, serviceOf(declaration), time);
      if (!finished) return;
      const { id, user_id, organization_id } = finished;
      // Once more: entries of what other services had told before may have come after this one had erased its own.
      await eraseAudited(db, { userId: user_id, organizationId: organization_id, addresses: [] });
      await emit(userErasureFinished, {
        aggregateId: user_id,
        organizationId: organization_id,
        data: { erasure_id: id, user_id, organization_id },
      });
    }),
  ),
});
