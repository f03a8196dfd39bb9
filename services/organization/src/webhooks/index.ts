import { webhookTables } from '../../migrations/0024_webhooks.ts';
import { fanOut } from './delivery/fan-out.ts';
import { forgetOldMessages } from './delivery/forget-old-messages.ts';
import { sendWebhooks } from './delivery/send-webhooks.ts';
import { createWebhook } from './endpoints/create-webhook.ts';
import { deleteWebhook } from './endpoints/delete-webhook.ts';
import { getWebhook } from './endpoints/get-webhook.ts';
import { listDeliveries } from './endpoints/list-deliveries.ts';
import { listWebhookEvents } from './endpoints/list-webhook-events.ts';
import { listWebhooks } from './endpoints/list-webhooks.ts';
import { replayDelivery } from './endpoints/replay-delivery.ts';
import { replayWebhook } from './endpoints/replay-webhook.ts';
import { rotateSecret } from './endpoints/rotate-secret.ts';
import { testWebhook } from './endpoints/test-webhook.ts';
import { updateWebhook } from './endpoints/update-webhook.ts';

export const tag = 'Webhooks';
export const endpoints = [
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  rotateSecret,
  testWebhook,
  listDeliveries,
  replayDelivery,
  replayWebhook,
  listWebhookEvents,
];
export const migrations = [webhookTables];
export const consumers = () => [fanOut];
export const schedules = [forgetOldMessages];
export const workers = [sendWebhooks];
export { personalData } from './personal-data.ts';
