import { Timestamp, ValidationFailed } from '@rivergate/endpoint';
import { webhookReplayed } from '@rivergate/events';
import { wakeAfterCommit } from '@rivergate/service';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { replayMessages } from '../delivery/delivery-store.ts';
import { sendWebhooks } from '../delivery/send-webhooks.ts';
import { Named, ofWebhook, WebhookDisabled, WebhookNotFound } from '../webhook.ts';
import { lockEnabledWebhook } from '../webhook-store.ts';

/** Events that one request makes due. */
const MOST = 10_000;

export const replayWebhook = endpoint(
  {
    operation: 'replayWebhook',
    method: 'post',
    path: '/organizations/:org_id/webhooks/:webhook_id/replay',
    summary: 'Send the events of a time to a webhook: those that did not arrive, or all',
    description:
      'Of the last 30 days, of the types that the webhook wants, those that happened while it was disabled included. They are ' +
      `sent as it takes them, under the same webhook-id as before. At most ${MOST} at once, the oldest first: where more are left, ` +
      'next_from is where to go on.',
    caller: 'admin',
    clients: true,
    params: Named,
    body: z.object({
      from: Timestamp,
      to: Timestamp.meta({ description: 'Before this moment' }),
      delivered: z.boolean().default(false).meta({ description: 'Also those that have arrived' }),
    }),
    answer: z.object({
      deliveries: z
        .int()
        .min(0)
        .meta({ description: 'How many are on their way', examples: [12] }),
      next_from: Timestamp.nullable(),
    }),
    status: 202,
    message: 'Events are on their way',
    errors: [WebhookNotFound, WebhookDisabled],
  },
  {
    check({ body: { from, to } }) {
      if (from <= to) return;
      const reason = 'must not lie before from';
      throw ValidationFailed(undefined, [{ field: 'body.to', code: 'too_small', reason }]);
    },
    async handle({ params, body, db, emit }) {
      const webhook = await lockEnabledWebhook(db, params);
      const { id, organization_id: organizationId } = webhook;
      const { deliveries, next } = await replayMessages(db, webhook, { ...body, most: MOST });
      const data = { ...ofWebhook(webhook), deliveries };
      await emit(webhookReplayed, { aggregateId: id, organizationId, data });
      wakeAfterCommit(db, sendWebhooks);
      return { deliveries, next_from: next };
    },
  },
);
