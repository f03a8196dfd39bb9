import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { enterOrganization } from '../../organizations/organization-store.ts';
import { Webhook } from '../webhook.ts';
import { WEBHOOK_COLUMNS, webhooksOf } from '../webhook-store.ts';

const webhooks = organizationList('webhooks', Webhook);

export const listWebhooks = endpoint(
  {
    operation: 'listWebhooks',
    method: 'get',
    path: '/organizations/:org_id/webhooks',
    summary: 'Webhooks of an organization, the oldest first, without their secrets',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    query: webhooks.query,
    answer: webhooks.answer,
  },
  async ({ params, query, db }) => {
    await enterOrganization(db, params.org_id);
    return await webhooks.page(webhooksOf(db, params.org_id), query, {
      read: found => found.select(WEBHOOK_COLUMNS).orderBy('id'),
    });
  },
);
