import { gatherAudit } from './gather-audit.ts';
import { listAuditLogs } from './list-audit-logs.ts';

export const tag = 'Organizations';
export const endpoints = [listAuditLogs];
export const consumers = () => [gatherAudit];
