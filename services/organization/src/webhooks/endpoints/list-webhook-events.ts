import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { enterOrganization } from '../../organizations/organization-store.ts';
import { WEBHOOK_EVENTS } from '../event-types.ts';

const event_types = WEBHOOK_EVENTS.map(({ declaration: { type, summary, version }, data }) => ({
  type,
  version,
  summary,
  schema: z.toJSONSchema(data, { io: 'output', unrepresentable: 'any' }) as Record<string, unknown>,
}));

export const listWebhookEvents = endpoint(
  {
    operation: 'listWebhookEvents',
    method: 'get',
    path: '/organizations/:org_id/webhook-events',
    summary: 'Types of events that webhooks can get',
    description: 'Each with the JSON Schema of the data of its requests. Data may gain fields.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    answer: z.object({
      event_types: z.array(
        z
          .object({
            type: z.string().meta({ examples: ['organization.member.added'] }),
            version: z.int().meta({ description: 'Rises where its data changes in a way that breaks' }),
            summary: z.string().meta({ examples: ['A user joined an organization'] }),
            schema: z.record(z.string(), z.unknown()),
          })
          .meta({ id: 'WebhookEventType' }),
      ),
    }),
  },
  async ({ params, db }) => {
    await enterOrganization(db, params.org_id);
    return { event_types };
  },
);
