import { Id } from '@rivergate/endpoint';
import { webhookCreated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { lockOrganization } from '../../organizations/organization-store.ts';
import { requireReachable } from '../../reachable-url.ts';
import { EventTypes } from '../event-types.ts';
import { newSecret } from '../signature.ts';
import { MOST_WEBHOOKS, ofWebhook, Secret, TooManyWebhooks, Webhook, webhookFields } from '../webhook.ts';
import { insertWebhook, webhooksOf } from '../webhook-store.ts';

export const createWebhook = endpoint(
  {
    operation: 'createWebhook',
    method: 'post',
    path: '/organizations/:org_id/webhooks',
    summary: 'Register a webhook: events of the organization are sent there',
    description:
      'Requests are those of Standard Webhooks 1.0.0: a body of type, timestamp and data, the headers webhook-id, ' +
      'webhook-timestamp and webhook-signature. Verify them with the secret and a library of standardwebhooks.com. Each ' +
      'event comes at least once, under the same webhook-id, and not always in order. Any answer of 2xx within 15 seconds ' +
      'is success; redirects are not followed; 410 disables the webhook. Else it is tried ten times over about three days, ' +
      'later where the answer says Retry-After. A webhook of which every try has failed for five days is disabled, and the ' +
      'administrators are told by mail.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    body: z.object({
      url: webhookFields.url,
      description: webhookFields.description.optional(),
      event_types: EventTypes,
    }),
    answer: z.object({ webhook: Webhook, secret: Secret }),
    status: 201,
    message: 'Webhook registered; its secret is not shown again',
    errors: [TooManyWebhooks],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    prepare: ({ body, outbound }) => requireReachable(outbound, body.url),
    async handle({ params, body, caller, db, emit, secretBox }) {
      const { id: organizationId } = await lockOrganization(db, params.org_id);
      const counted = await webhooksOf(db, organizationId).count({ n: '*' }).first();
      if (Number(counted.n) >= MOST_WEBHOOKS) throw TooManyWebhooks();
      const { secret, stored } = newSecret(secretBox, organizationId);
      const { url, description = null, event_types } = body;
      const webhook = await insertWebhook(db, {
        organization_id: organizationId,
        url,
        description,
        event_types,
        secrets: [stored],
        created_by: caller.userId,
      });
      const data = { ...ofWebhook({ ...webhook, organization_id: organizationId }), event_types };
      await emit(webhookCreated, { aggregateId: webhook.id, organizationId, data });
      return { webhook, secret };
    },
  },
);
