import { auditShipping } from '../../migrations/0019_audit_shipping.ts';
import { configureAuditShipping } from './configure-audit-shipping.ts';
import { getAuditShipping } from './get-audit-shipping.ts';
import { removeAuditShipping } from './remove-audit-shipping.ts';
import { shipAuditLogs } from './ship-audit-logs.ts';
import { testAuditShipping } from './test-audit-shipping.ts';

export const tag = 'Organizations';
export const endpoints = [configureAuditShipping, getAuditShipping, removeAuditShipping, testAuditShipping];
export const workers = [shipAuditLogs];
export const migrations = [auditShipping];
