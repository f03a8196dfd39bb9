import { gatherAudit } from './gather-audit.ts';
import { getAuditHead } from './get-audit-head.ts';
import { keepAuditLog } from './keep-audit-log.ts';
import { listAuditLogs } from './list-audit-logs.ts';
import { proveAuditEntry } from './prove-audit-entry.ts';

export const tag = 'Organizations';
export const endpoints = [listAuditLogs, getAuditHead, proveAuditEntry];
export const consumers = () => [gatherAudit];
export const schedules = [keepAuditLog];
