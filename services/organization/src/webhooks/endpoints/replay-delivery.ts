import { Id } from '@rivergate/endpoint';
import { webhookReplayed } from '@rivergate/events';
import { wakeAfterCommit } from '@rivergate/service';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { deliveryOf, replayDelivery as makeDue } from '../delivery/delivery-store.ts';
import { sendWebhooks } from '../delivery/send-webhooks.ts';
import { Delivery, DeliveryNotFound } from '../delivery.ts';
import { Named, ofWebhook, WebhookDisabled, WebhookNotFound } from '../webhook.ts';
import { lockEnabledWebhook } from '../webhook-store.ts';

export const replayDelivery = endpoint(
  {
    operation: 'replayWebhookDelivery',
    method: 'post',
    path: '/organizations/:org_id/webhooks/:webhook_id/deliveries/:delivery_id/replay',
    summary: 'Send an event to a webhook again',
    description:
      'Whatever became of it before, with all tries anew and under the same webhook-id. One that is just being sent is left to that.',
    caller: 'admin',
    clients: true,
    params: Named.extend({ delivery_id: Id }),
    answer: z.object({ delivery: Delivery }),
    status: 202,
    message: 'The event is on its way',
    errors: [WebhookNotFound, WebhookDisabled, DeliveryNotFound],
  },
  async ({ params, db, emit }) => {
    const webhook = await lockEnabledWebhook(db, params);
    const { id, organization_id: organizationId } = webhook;
    await deliveryOf(db, id, params.delivery_id);
    await makeDue(db, id, params.delivery_id);
    const data = { ...ofWebhook(webhook), deliveries: 1 };
    await emit(webhookReplayed, { aggregateId: id, organizationId, data });
    wakeAfterCommit(db, sendWebhooks);
    return { delivery: await deliveryOf(db, id, params.delivery_id) };
  },
);
