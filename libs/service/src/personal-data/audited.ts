import type { PersonalData } from './personal-data.ts';

/**
 * What the audit log keeps of what somebody did; the particulars are in no export, since they may tell of somebody else. Entries stay when a person is erased, since they are the organization's
 * proof; what tells who the person is, and from where they acted, goes by `eraseAudited`.
 */
export const auditedActions: PersonalData = {
  table: 'audit_log',
  rows: (db, { userId, organizationId }) =>
    db('audit_log').where({
      actor_user_id: userId,
      ...(organizationId === null ? {} : { organization_id: organizationId }),
    }),
  shows: [
    'id',
    'action',
    'organization_id',
    'subject',
    'ip_address',
    'user_agent',
    'request_id',
    'created_at',
  ],
  pagedBy: 'id',
  restricted: true,
  erase: async () => {},
};
