import { randomUUID } from 'node:crypto';
import { dataSchemaOf, type EventDeclaration, topicOf } from '@rivergate/events';
import type { ServiceName } from '@rivergate/service';
import type { ServiceUnderTest } from './service.ts';

export interface PublishedEvent {
  /** Id of the aggregate. */
  subject: number;
  data: { organization_id?: number; [field: string]: unknown };
  /** Default: now. */
  time?: Date;
}

/** Puts an event of another service on the event log, as that service would. */
export async function publishEvent(
  { resources }: Pick<ServiceUnderTest, 'resources'>,
  source: ServiceName,
  declaration: EventDeclaration,
  { subject, data, time = new Date() }: PublishedEvent,
): Promise<void> {
  const event = {
    specversion: '1.0' as const,
    id: randomUUID(),
    source: `/rivergate/${source}`,
    type: declaration.type,
    subject: String(subject),
    time: time.toISOString(),
    datacontenttype: 'application/json' as const,
    dataschema: dataSchemaOf(declaration),
    actor: '1',
    ...(data.organization_id === undefined ? {} : { organizationid: String(data.organization_id) }),
    data: { ...data },
  };
  await resources.eventLog.publish([{ topic: topicOf(declaration), key: event.subject, event }]);
}
