import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { auditEntry, INSERT_AUDIT_ENTRY } from './audit-entry.ts';
import { dataSchemaOf, type EventData, type EventDeclaration, serviceOf, topicOf } from './declaration.ts';
import { type Actor, actorName, type CloudEvent } from './envelope.ts';
import { sendWithCommit } from './sent-along.ts';
import { wakeAfterCommit } from './wake.ts';

/** Largest envelope in bytes of JSON; far under what a broker takes, so that no event can stop a relay. */
export const LARGEST_EVENT = 256 * 1024;

export interface Emission<Data> {
  /** Id of the aggregate the fact is about: events of one aggregate keep their order. */
  aggregateId: number | string;
  organizationId?: number | null;
  actor: Actor;
  data: Data;
}

/**
 * Records a fact in the caller's transaction: a row in the outbox, from where the relay takes it to the event log,
 * and one in the audit log. Both stand or fall with the transaction, and are written with its commit where the client takes
 * statements for that.
 *
 * @throws ZodError when the data does not fit the declaration; fields that it does not name are left out
 */
export async function emit<Declaration extends EventDeclaration>(
  trx: Knex.Transaction,
  declaration: Declaration,
  { aggregateId, organizationId, actor, data }: Emission<EventData<Declaration>>,
): Promise<CloudEvent<EventData<Declaration>>> {
  const recorded: CloudEvent<EventData<Declaration>> = {
    specversion: '1.0',
    id: randomUUID(),
    source: `/rivergate/${serviceOf(declaration)}`,
    type: declaration.type,
    subject: String(aggregateId),
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(declaration),
    actor: actorName(actor),
    ...(actor.impersonatorId != null && { impersonator: String(actor.impersonatorId) }),
    ...(actor.ip && { actorip: actor.ip }),
    // CloudEvents 1.0, section 3.1: a string holds no control characters.
    ...(actor.userAgent && { actoragent: actor.userAgent.replace(/\p{Cc}/gu, ' ') }),
    ...(organizationId != null && { organizationid: String(organizationId) }),
    ...(actor.traceparent && { traceparent: actor.traceparent }),
    ...(actor.requestId && { requestid: actor.requestId }),
    data: declaration.data.parse(data) as EventData<Declaration>,
  };
  const json = JSON.stringify(recorded);
  if (Buffer.byteLength(json) > LARGEST_EVENT) throw new RangeError(`${declaration.type} is over 256 KiB`);
  // One statement.
  const recording = trx.raw(
    `with recorded as (insert into outbox (topic, key, event) values (?, ?, ?)) ${INSERT_AUDIT_ENTRY}`,
    [topicOf(declaration), recorded.subject, json, ...auditEntry(declaration, recorded)],
  );
  await sendWithCommit(trx, recording);
  wakeAfterCommit(trx);
  return recorded;
}
