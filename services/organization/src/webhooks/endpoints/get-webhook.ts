import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { Named, Webhook, WebhookNotFound } from '../webhook.ts';
import { webhookOf } from '../webhook-store.ts';

export const getWebhook = endpoint(
  {
    operation: 'getWebhook',
    method: 'get',
    path: '/organizations/:org_id/webhooks/:webhook_id',
    summary: 'A webhook, without its secret',
    caller: 'admin',
    clients: true,
    params: Named,
    answer: z.object({ webhook: Webhook }),
    errors: [WebhookNotFound],
  },
  async ({ params, db }) => {
    return { webhook: await webhookOf(db, params) };
  },
);
