import type { PersonalData, Resources, Schedule } from '@rivergate/service';
import { impersonations } from '../../migrations/0042_impersonations.ts';
import type { IdentityTools } from '../endpoint.ts';
import { approveImpersonation } from './approve-impersonation.ts';
import { denyImpersonation } from './deny-impersonation.ts';
import { endOwnImpersonation, withdrawImpersonation } from './end-impersonation.ts';
import { endOverdue } from './end-overdue.ts';
import { impersonationsOfChangedRights } from './impersonations-of-changed-rights.ts';
import { issueImpersonationToken } from './issue-token.ts';
import { listImpersonations, listOwnImpersonations } from './list-impersonations.ts';
import { requestImpersonation } from './request-impersonation.ts';

export const tag = 'Impersonation';
export const endpoints = [
  requestImpersonation,
  listImpersonations,
  withdrawImpersonation,
  issueImpersonationToken,
  listOwnImpersonations,
  approveImpersonation,
  denyImpersonation,
  endOwnImpersonation,
];
export const migrations = [impersonations];
export const consumers = (tools: Resources) => [impersonationsOfChangedRights(tools)];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'end impersonations that are over', every: 30, run: ({ knex }) => endOverdue(knex) },
];

/** Both know of it: who was asked, and who asked. */
export const personalData: PersonalData[] = [
  {
    table: 'impersonations',
    rows: (db, { userId, organizationId }) =>
      db('impersonations')
        .where(either => either.where({ user_id: userId }).orWhere({ administrator_id: userId }))
        .where(organizationId === null ? {} : { organization_id: organizationId }),
    shows: [
      'id',
      'organization_id',
      'user_id',
      'administrator_id',
      'minutes',
      'requested_at',
      'approved_at',
      'started_at',
      'ended_at',
      'end_reason',
    ],
    restricted: true,
  },
];
