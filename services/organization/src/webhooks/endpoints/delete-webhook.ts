import { deletion } from '@rivergate/endpoint';
import { webhookDeleted } from '@rivergate/events';
import { endpoint } from '../../endpoint.ts';
import { Named, ofWebhook, WebhookNotFound } from '../webhook.ts';
import { lockWebhook, webhooksOf } from '../webhook-store.ts';

const removed = deletion('webhook');

export const deleteWebhook = endpoint(
  {
    operation: 'deleteWebhook',
    method: 'delete',
    path: '/organizations/:org_id/webhooks/:webhook_id',
    summary: 'Delete a webhook with its log; nothing more is sent there',
    caller: 'admin',
    clients: true,
    params: Named,
    answer: removed.answer,
    message: 'Webhook deleted',
    errors: [WebhookNotFound],
  },
  async ({ params, db, emit }) => {
    const webhook = await lockWebhook(db, params);
    const { id, organization_id: organizationId } = webhook;
    await webhooksOf(db, organizationId).where({ id }).delete();
    await emit(webhookDeleted, { aggregateId: id, organizationId, data: ofWebhook(webhook) });
    return removed.of(id);
  },
);
