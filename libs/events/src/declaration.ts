import type { z } from 'zod';

/** What an event is: declared once in the catalogue, used by emitters, consumers and the AsyncAPI document. */
export interface EventDeclaration<Schema extends z.ZodObject = z.ZodObject> {
  /** `<service>.<aggregate>.<fact>`, lower case, words joined by `_` (the service's name may hold dashes). */
  readonly type: string;
  /** Raised when the data changes in a way that an older consumer cannot read. */
  readonly version: number;
  /** The action under which the audit log keeps the event. */
  readonly audit: string;
  readonly summary: string;
  /** Never holds a secret, a code or a token: what is in it is kept and travels. */
  readonly data: Schema;
  /**
   * Fields of the data that say who somebody is, as names and addresses do. In audit logs they can be erased. Entries about
   * a person are found by the field `user_id`, or `email` among these.
   */
  readonly personal?: readonly (keyof z.infer<Schema> & string)[];
  /**
   * Whether an organization can have it sent to its webhooks, and which fields of its data are not for outside. Default:
   * it stays in the fleet.
   */
  readonly webhook?: true | { readonly without: readonly (keyof z.infer<Schema> & string)[] };
}

/** The data of a declared event, as its schema gives it. */
export type EventData<Declaration extends EventDeclaration> = z.infer<Declaration['data']>;

const TYPE = /^[a-z][a-z0-9-]*\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;

/** Declares an event. @throws when the type is not `<service>.<aggregate>.<fact>` */
export function event<Schema extends z.ZodObject>(
  declaration: EventDeclaration<Schema>,
): EventDeclaration<Schema> {
  if (!TYPE.test(declaration.type))
    throw new Error(`"${declaration.type}" is not <service>.<aggregate>.<fact>`);
  return Object.freeze(declaration);
}

/** The data of an event as an organization's webhooks get it; undefined for one that is not for them. */
export function webhookData({ data, webhook }: EventDeclaration): z.ZodObject | undefined {
  if (webhook === undefined) return undefined;
  const without = webhook === true ? [] : webhook.without;
  return data.omit(Object.fromEntries(without.map(field => [field, true])) as Record<never, true>);
}

type Typed = Pick<EventDeclaration, 'type'>;

/** The service whose fact it is: the first part of the type. */
export function serviceOf({ type }: Typed): string {
  return type.slice(0, type.indexOf('.'));
}

/** `rivergate.<service>.<aggregate>`. Dashes for underscores, since Kafka's metrics confuse `_` with `.`. */
export function topicOf({ type }: Typed): string {
  return `rivergate.${type.slice(0, type.lastIndexOf('.'))}`.replaceAll('_', '-');
}

/** Where the events of a topic go that a consumer gave up on. */
export function deadLetterTopicOf(topic: string): string {
  return `${topic}.dead-letter`;
}

/** The value of the envelope's `dataschema`. */
export function dataSchemaOf({ type, version }: Pick<EventDeclaration, 'type' | 'version'>): string {
  return `urn:rivergate:event:${type}:${version}`;
}
