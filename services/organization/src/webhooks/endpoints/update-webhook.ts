import { changesOf, webhookUpdated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { requireReachable } from '../../reachable-url.ts';
import { cancelDeliveries } from '../delivery/delivery-store.ts';
import { EventTypes } from '../event-types.ts';
import { Named, ofWebhook, Status, Webhook, WebhookNotFound, webhookFields } from '../webhook.ts';
import { changeWebhook, lockWebhook, type WebhookRow } from '../webhook-store.ts';

export const updateWebhook = endpoint(
  {
    operation: 'updateWebhook',
    method: 'patch',
    path: '/organizations/:org_id/webhooks/:webhook_id',
    summary: 'Change a webhook, disable it, or enable it again',
    description:
      'Fields left out keep their value, the list of event types is replaced. A webhook that is disabled gets nothing, and what ' +
      'was waiting for it is cancelled; once it is enabled, replayWebhook sends what it has missed.',
    caller: 'admin',
    session: true,
    params: Named,
    body: z
      .object({
        url: webhookFields.url.optional(),
        description: webhookFields.description.nullable().optional(),
        event_types: EventTypes.optional(),
        status: Status.optional(),
      })
      .meta({ examples: [{ status: 'disabled' }] }),
    answer: z.object({ webhook: Webhook }),
    message: 'Webhook updated',
    errors: [WebhookNotFound],
  },
  {
    async prepare({ body, outbound }) {
      if (body.url !== undefined) await requireReachable(outbound, body.url);
    },
    async handle({ params, body, db, emit }) {
      const { secrets: _, organization_id: organizationId, ...before } = await lockWebhook(db, params);
      const given: Partial<WebhookRow> = Object.fromEntries(
        Object.entries(body).filter(([, value]) => value !== undefined),
      );
      const { url: moved, ...changes } = changesOf(before, { ...before, ...given });
      const fields = [...(moved ? ['url'] : []), ...Object.keys(changes)];
      if (fields.length === 0) return { webhook: before };
      const disabled_reason = body.status === 'disabled' ? 'administrator' : null;
      const webhook = await changeWebhook(db, before.id, {
        ...given,
        ...(changes.status ? { disabled_reason } : {}),
      });
      if (webhook.status === 'disabled') await cancelDeliveries(db, webhook.id);
      const { event_types, status } = webhook;
      const data = {
        ...ofWebhook({ ...webhook, organization_id: organizationId }),
        fields,
        event_types,
        status,
        changes,
      };
      await emit(webhookUpdated, { aggregateId: webhook.id, organizationId, data });
      return { webhook };
    },
  },
);
