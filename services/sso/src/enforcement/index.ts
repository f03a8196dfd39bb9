import { ofMember } from '@rivergate/service';
import { enforcementTables } from '../../migrations/0009_enforcement.ts';
import { migrationPlans } from '../../migrations/0010_migration_plans.ts';
import { noticeRuns } from '../../migrations/0016_notice_runs.ts';
import { bulkAction } from './bulk-action.ts';
import { changePlan } from './change-plan.ts';
import { enforceSso } from './enforce.ts';
import { followRequirements } from './follow-requirements.ts';
import { getStatus } from './get-status.ts';
import { notifyMembers } from './notify-members.ts';
import { remindByPlan } from './remind-by-plan.ts';
import { sendNotices } from './send-notices.ts';

export const tag = 'SSO Enforcement';
export const endpoints = [getStatus, changePlan, enforceSso, notifyMembers, bulkAction];
export const migrations = [enforcementTables, migrationPlans, noticeRuns];
export const consumers = () => [followRequirements];
export const schedules = [remindByPlan];
export const workers = [sendNotices];
export const personalData = [
  ofMember('exemptions', ['organization_id', 'reason', 'created_at']),
  ofMember('member_notices', ['organization_id', 'kind', 'sent_at', 'mail_pending']),
];
