import { randomUUID } from 'node:crypto';
import { webhookTested } from '@rivergate/events';
import { wakeAfterCommit } from '@rivergate/service';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { addMessageFor, deliveryOf } from '../delivery/delivery-store.ts';
import { sendWebhooks } from '../delivery/send-webhooks.ts';
import { Delivery } from '../delivery.ts';
import { payloadOf, TEST_TYPE } from '../event-types.ts';
import { Named, ofWebhook, WebhookDisabled, WebhookNotFound } from '../webhook.ts';
import { lockEnabledWebhook } from '../webhook-store.ts';

export const testWebhook = endpoint(
  {
    operation: 'testWebhook',
    method: 'post',
    path: '/organizations/:org_id/webhooks/:webhook_id/test',
    summary: 'Send a test event to a webhook',
    description: `An event of the type ${TEST_TYPE}, which is on its way at once; what became of it is in the log.`,
    caller: 'admin',
    rateLimit: 'webhook_test',
    clients: true,
    params: Named,
    answer: z.object({ delivery: Delivery }),
    status: 202,
    message: 'A test event is on its way',
    errors: [WebhookNotFound, WebhookDisabled],
  },
  async ({ params, db, emit }) => {
    const webhook = await lockEnabledWebhook(db, params);
    const { id, organization_id: organizationId } = webhook;
    const time = new Date().toISOString();
    const deliveryId = await addMessageFor(db, id, {
      organizationId,
      eventId: randomUUID(),
      type: TEST_TYPE,
      time,
      payload: payloadOf(TEST_TYPE, time, { webhook_id: id, organization_id: organizationId }),
    });
    await emit(webhookTested, { aggregateId: id, organizationId, data: ofWebhook(webhook) });
    wakeAfterCommit(db, sendWebhooks);
    return { delivery: await deliveryOf(db, id, deliveryId) };
  },
);
