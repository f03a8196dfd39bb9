import type { Knex } from 'knex';
import type { EventDeclaration } from './declaration.ts';
import type { CloudEvent } from './envelope.ts';

/**
 * SQL that writes an event into the audit log of the schema, with the values of `auditEntry`. No RETURNING may follow it,
 * which row-level security would take for a read.
 */
export const INSERT_AUDIT_ENTRY = `insert into audit_log
  (event_id, action, organization_id, actor_user_id, actor, subject, ip_address, user_agent, request_id, metadata, personal,
   created_at, impersonator_user_id)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** What the audit log keeps of an event. What its declaration says is personal stands apart, so that it can be erased. */
export function auditEntry(
  { audit, personal: names = [] }: Pick<EventDeclaration, 'audit' | 'personal'>,
  event: CloudEvent,
): Knex.RawBinding[] {
  const fields = Object.entries(event.data);
  const personal = fields.filter(([name, value]) => names.includes(name) && value != null);
  const metadata = fields.filter(([name]) => !names.includes(name));
  return [
    event.id,
    audit,
    event.organizationid === undefined ? null : Number(event.organizationid),
    /^\d+$/.test(event.actor) ? Number(event.actor) : null,
    event.actor,
    event.subject,
    event.actorip ?? null,
    event.actoragent ?? null,
    event.requestid ?? null,
    JSON.stringify(Object.fromEntries(metadata)),
    personal.length > 0 ? JSON.stringify(Object.fromEntries(personal)) : null,
    event.time,
    event.impersonator === undefined ? null : Number(event.impersonator),
  ];
}
