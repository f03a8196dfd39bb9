import { newestFirst } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { type DeliveryRow, deliveriesOf } from '../delivery/delivery-store.ts';
import { Delivery, Outcome } from '../delivery.ts';
import { Named, WebhookNotFound } from '../webhook.ts';
import { webhookOf } from '../webhook-store.ts';

const log = newestFirst('webhook_deliveries');

export const listDeliveries = endpoint(
  {
    operation: 'listWebhookDeliveries',
    method: 'get',
    path: '/organizations/:org_id/webhooks/:webhook_id/deliveries',
    summary: 'Log of what was sent to a webhook, with each try and how it was answered',
    description: 'Newest first, one entry an event. Kept for 30 days; of each delivery the last 20 tries.',
    caller: 'admin',
    clients: true,
    params: Named,
    query: z.object({
      outcome: Outcome.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
      ...log.query,
    }),
    answer: z.object({ deliveries: z.array(Delivery), ...log.answer }),
    errors: [WebhookNotFound],
  },
  async ({ params, query, db }) => {
    const { id } = await webhookOf(db, params);
    const { outcome, cursor, limit } = query;
    const found = deliveriesOf(db, id);
    if (outcome !== undefined) found.where({ outcome });
    const { rows, next_cursor } = await log.page<DeliveryRow>(found, { cursor, from: 0, limit });
    return { deliveries: rows, next_cursor };
  },
);
