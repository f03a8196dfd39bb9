import { randomUUID } from 'node:crypto';
import { deadLetterTopicOf } from './declaration.ts';
import type { ErrorDescription } from './describe-error.ts';
import type { CloudEvent } from './envelope.ts';
import type { Delivery, LogRecord } from './event-log.ts';

export const DEAD_LETTER = 'rivergate.dead_letter';

/** An event that a consumer gave up on, with all that is needed to understand it and to try again. */
export interface DeadLetter {
  service: string;
  consumer: string;
  /** The consumer group that gave up; only this one gets the event again. */
  group: string;
  origin: { topic: string; partition: number; position: string; key: string };
  attempts: number;
  error: ErrorDescription;
  event: CloudEvent;
}

export type GivenUp = Omit<DeadLetter, 'origin'> & { delivery: Delivery };

export function deadLetter({ delivery, ...given }: GivenUp): LogRecord {
  const { topic, key, partition, position } = delivery;
  const data: DeadLetter = { ...given, origin: { topic, partition, position, key } };
  return {
    topic: deadLetterTopicOf(topic),
    key,
    event: {
      specversion: '1.0',
      id: randomUUID(),
      source: `/rivergate/${given.service}`,
      type: DEAD_LETTER,
      subject: given.event.id,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      dataschema: `urn:rivergate:event:${DEAD_LETTER}:1`,
      actor: `service:${given.service}`,
      ...(given.event.organizationid && { organizationid: given.event.organizationid }),
      ...(given.event.traceparent && { traceparent: given.event.traceparent }),
      data: { ...data },
    },
  };
}
