import { error } from '@rivergate/endpoint';

export const AuditEntryNotFound = error(
  'AUDIT_ENTRY_NOT_FOUND',
  404,
  'There is no such entry in the audit log',
);
export const AuditHeadTooOld = error(
  'AUDIT_HEAD_TOO_OLD',
  410,
  'Entries after this head were removed because their time was over; it can be compared no more',
);
export const AuditLogShorter = error(
  'AUDIT_LOG_SHORTER',
  409,
  'The audit log has fewer entries than this head says: entries are gone, or the head is of another log',
);
