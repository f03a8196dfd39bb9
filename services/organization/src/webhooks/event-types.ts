import { catalogue, type EventDeclaration, webhookData } from '@rivergate/events';
import { z } from 'zod';

/** An event that webhooks can get, and its data as they get it. */
export interface WebhookEvent {
  declaration: EventDeclaration;
  data: z.ZodObject;
}

/** Every event that says in the catalogue that it is for webhooks. */
export const WEBHOOK_EVENTS: readonly WebhookEvent[] = catalogue.flatMap(declaration => {
  const data = webhookData(declaration);
  return data ? [{ declaration, data }] : [];
});

/** What a subscription may say to get events of the type: the type, or a prefix of it that ends in `.*`. */
export function patternsOf(type: string): string[] {
  const parts = type.split('.');
  const prefixes = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`);
  return [type, ...prefixes];
}

const PATTERNS = new Set(WEBHOOK_EVENTS.flatMap(({ declaration }) => patternsOf(declaration.type)));

export const EventTypes = z
  .array(
    z
      .string()
      .max(100)
      .refine(pattern => PATTERNS.has(pattern), 'is not an event type that webhooks can get'),
  )
  .min(1)
  .max(100)
  .overwrite(patterns => [...new Set(patterns)])
  .meta({
    description: 'Types of events, or prefixes of types that end in .*; listWebhookEvents tells the types',
    examples: [['organization.member.*', 'organization.workspace.created']],
  });

/** The body of a request to a webhook (Standard Webhooks 1.0.0, "Payload structure"). */
export function payloadOf(type: string, time: string, data: unknown): string {
  return JSON.stringify({ type, timestamp: time, data });
}

/** Type of what a webhook is sent to try it. It is nobody's to subscribe, and no prefix has it. */
export const TEST_TYPE = 'webhook.test';
