import { dataSchemaOf, type EventDeclaration, topicOf } from '@rivergate/events';
import type { ServiceUnderTest } from '@rivergate/testing';

export interface Saying {
  /** Id of the aggregate. */
  subject: number;
  data: { organization_id: number; [field: string]: unknown };
  /** Default: now. */
  time?: Date;
}

/** Puts an event of organization on the event log. */
export async function organizationSays(
  { resources }: Pick<ServiceUnderTest, 'resources'>,
  declaration: EventDeclaration,
  { subject, data, time = new Date() }: Saying,
): Promise<void> {
  const event = {
    specversion: '1.0' as const,
    id: crypto.randomUUID(),
    source: '/rivergate/organization',
    type: declaration.type,
    subject: String(subject),
    time: time.toISOString(),
    datacontenttype: 'application/json' as const,
    dataschema: dataSchemaOf(declaration),
    actor: '1',
    organizationid: String(data.organization_id),
    data: { ...data },
  };
  await resources.eventLog.publish([{ topic: topicOf(declaration), key: event.subject, event }]);
}
