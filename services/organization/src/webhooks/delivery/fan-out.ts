import { type CloudEvent, consumer, on } from '@rivergate/events';
import { wakeAfterCommit } from '@rivergate/service';
import { patternsOf, payloadOf, WEBHOOK_EVENTS } from '../event-types.ts';
import { addMessage } from './delivery-store.ts';
import { sendWebhooks } from './send-webhooks.ts';

/** Notes every event of an organization for those of its webhooks that want it. */
export const fanOut = consumer({
  name: 'webhooks',
  on: WEBHOOK_EVENTS.map(({ declaration, data: schema }) =>
    on(declaration, async (event: CloudEvent, { db }) => {
      if (event.organizationid === undefined) return;
      const organizationId = Number(event.organizationid);
      const data = schema.parse(event.data) as { organization_id?: unknown };
      // Somebody's own, as a personal token, done while another organization was the active one.
      if ('organization_id' in data && data.organization_id !== organizationId) return;
      const { id, type, time } = event;
      const isWanted = await addMessage(db, {
        organizationId,
        eventId: id,
        type,
        patterns: patternsOf(type),
        time,
        payload: payloadOf(type, time, data),
      });
      if (isWanted) wakeAfterCommit(db, sendWebhooks);
    }),
  ),
});
