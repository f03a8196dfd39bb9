import { error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export const DeliveryNotFound = error(
  'WEBHOOK_DELIVERY_NOT_FOUND',
  404,
  'No such delivery in the log of the webhook',
);

export const Outcome = z.enum(['pending', 'delivered', 'failed', 'cancelled']);

export const Delivery = z
  .object({
    id: Id,
    event_id: z.uuid().meta({
      description: 'The webhook-id of the requests: the same at each try and replay',
      examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'],
    }),
    event_type: z.string().meta({ examples: ['organization.member.added'] }),
    outcome: Outcome.meta({
      description:
        'pending is waiting for its try or the next one; failed was given up; cancelled was waiting when the webhook was ' +
        'disabled',
    }),
    attempts: z.array(
      z.object({
        at: Timestamp,
        status: z
          .int()
          .nullable()
          .meta({ description: 'Null where there was no answer', examples: [200] }),
        error: z
          .string()
          .nullable()
          .meta({
            description:
              'Why there was none: timeout, refused, tls, address_not_allowed, secret_unreadable, …',
            examples: ['timeout'],
          }),
        duration_ms: z.int().meta({ examples: [120] }),
        response: z
          .string()
          .nullable()
          .meta({ description: 'First 1024 bytes of the answer', examples: ['ok'] }),
      }),
    ),
    next_try_at: Timestamp.nullable().meta({ description: 'Null unless it is pending' }),
    created_at: Timestamp,
    finished_at: Timestamp.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
