import { Timestamp } from '@rivergate/endpoint';
import { webhookSecretRotated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { newSecret, rotated } from '../signature.ts';
import { Named, ofWebhook, Secret, WebhookNotFound } from '../webhook.ts';
import { keepSecrets, lockWebhook } from '../webhook-store.ts';

const DAY = 86_400;

export const rotateSecret = endpoint(
  {
    operation: 'rotateWebhookSecret',
    method: 'post',
    path: '/organizations/:org_id/webhooks/:webhook_id/rotate-secret',
    summary: 'Give a webhook a new secret',
    description:
      'For the time of overlap_seconds every request is signed by the secrets before as well, so that a receiver may change over when it ' +
      'can. With 0 the old ones sign nothing any more, as where one has leaked. At most three are kept beside the new one.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: Named,
    body: z.object({
      overlap_seconds: z
        .int()
        .min(0)
        .max(7 * DAY)
        .default(DAY),
    }),
    answer: z.object({
      secret: Secret,
      former_until: Timestamp.meta({ description: 'Until when the secrets before sign as well' }),
    }),
    message: 'Secret rotated; the new one is not shown again',
    errors: [WebhookNotFound],
    idempotency: { seconds: 60, randomKey: true },
  },
  async ({ params, body, db, emit, secretBox }) => {
    const webhook = await lockWebhook(db, params);
    const { id, organization_id: organizationId, secrets } = webhook;
    const now = new Date();
    const until = new Date(now.getTime() + body.overlap_seconds * 1_000).toISOString();
    const { secret, stored } = newSecret(secretBox, organizationId);
    await keepSecrets(db, id, rotated(stored, secrets, until, now.toISOString()));
    const data = { ...ofWebhook(webhook), former_until: until };
    await emit(webhookSecretRotated, { aggregateId: id, organizationId, data });
    return { secret, former_until: until };
  },
);
