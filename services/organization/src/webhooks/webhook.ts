import { displayText, error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export const WebhookNotFound = error('WEBHOOK_NOT_FOUND', 404, 'No such webhook in the organization');
export const TooManyWebhooks = error(
  'TOO_MANY_WEBHOOKS',
  409,
  'The organization has as many webhooks as it can',
);
export const WebhookDisabled = error('WEBHOOK_DISABLED', 409, 'The webhook is disabled; enable it first');

/** Webhooks that an organization can have. */
export const MOST_WEBHOOKS = 20;

/** Below the organization, what names one webhook. */
export const Named = z.object({ org_id: Id, webhook_id: Id });

export const webhookFields = {
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .meta({
      description:
        'Where events are sent, by POST. It must lead to addresses of the internet, over TLS, but for what the operator ' +
        'allows; credentials in it are refused',
      examples: ['https://app.example.com/webhooks/rivergate'],
    }),
  description: displayText(200).meta({ examples: ['Tells the directory of new members'] }),
};

export const Status = z.enum(['enabled', 'disabled']);

export const Webhook = z
  .object({
    id: Id,
    url: webhookFields.url,
    description: webhookFields.description.nullable(),
    event_types: z.array(z.string()).meta({ examples: [['organization.member.*']] }),
    status: Status,
    disabled_reason: z.enum(['administrator', 'failing', 'gone']).nullable().meta({
      description:
        'Why it is disabled: an administrator did it, every try had failed for days, or it answered 410',
    }),
    failing_since: Timestamp.nullable().meta({
      description: 'First of the tries that failed, since the last good one',
    }),
    created_by: Id,
    created_at: Timestamp,
    updated_at: Timestamp,
  })
  .meta({ id: 'Webhook' });

export const Secret = z.string().meta({
  description: 'whsec_ and base64, as libraries of Standard Webhooks take it. In this answer and never again',
  examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwGhvPOsvLDYY='],
});

/** Scheme, host and port: what of a URL is told where the rest might be a secret. */
export const originOf = (url: string): string => new URL(url).origin;

/** What every event about a webhook says of it. */
export const ofWebhook = (webhook: { id: number; organization_id: number; url: string }) => ({
  webhook_id: webhook.id,
  organization_id: webhook.organization_id,
  origin: originOf(webhook.url),
});
