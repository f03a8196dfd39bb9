import type { ChainedEntry } from '@rivergate/audit-chain';
import type { AuditHead } from '../audit/audit-log.ts';

// OTLP 1.x over HTTP in JSON (opentelemetry-proto, logs/v1/logs.proto): field names in lowerCamelCase, 64-bit integers as text.

type Value = { stringValue: string } | { intValue: string };

/** What is not known is left out. */
function attributes(values: Record<string, string | number | null>): { key: string; value: Value }[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === null) return [];
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }];
  });
}

const nanoseconds = (time: string) => `${Date.parse(time)}000000`;

interface LogRecord {
  timeUnixNano: string;
  observedTimeUnixNano: string;
  severityNumber: number;
  severityText: string;
  eventName: string;
  body: Value;
  attributes: { key: string; value: Value }[];
}

const record = (
  { name, at, recordedAt }: { name: string; at: string; recordedAt: string },
  body: object,
  values: Record<string, string | number | null>,
): LogRecord => ({
  timeUnixNano: nanoseconds(at),
  observedTimeUnixNano: nanoseconds(recordedAt),
  severityNumber: 9,
  severityText: 'INFO',
  eventName: name,
  body: { stringValue: JSON.stringify(body) },
  attributes: attributes({ 'event.name': name, ...values }),
});

/** The body is the entry as exports have it, so that whoever keeps it can verify it; the attributes are for searching. */
export function entryRecord(entry: ChainedEntry): LogRecord {
  const { action, created_at, chain } = entry;
  return record({ name: action, at: created_at, recordedAt: chain.recorded_at }, entry, {
    'user.id': entry.actor_user_id === null ? null : String(entry.actor_user_id),
    'rivergate.impersonator.id':
      entry.impersonator_user_id === null ? null : String(entry.impersonator_user_id),
    'client.address': entry.ip_address,
    'user_agent.original': entry.user_agent,
    'rivergate.actor': entry.actor,
    'rivergate.subject': entry.subject,
    'rivergate.request.id': entry.request_id,
    'rivergate.audit.sequence': chain.sequence,
    'rivergate.audit.hash': chain.hash,
  });
}

/** The head of the chain: by it the receiver can show later what the log was. */
export function headRecord(head: AuditHead): LogRecord {
  const now = new Date().toISOString();
  return record({ name: 'audit_log.head', at: now, recordedAt: now }, head, {
    'rivergate.audit.sequence': head.sequence,
    'rivergate.audit.root_hash': head.root_hash,
  });
}

/** An ExportLogsServiceRequest. */
export function logsRequest(organizationId: number, logRecords: LogRecord[]): string {
  const resource = attributes({ 'service.name': 'rivergate', 'rivergate.organization.id': organizationId });
  return JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: resource },
        scopeLogs: [{ scope: { name: 'rivergate.audit' }, logRecords }],
      },
    ],
  });
}
