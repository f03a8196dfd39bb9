import { ofMember, type PersonalData } from '@rivergate/service';

const assignments = ofMember('role_assignments', [
  'organization_id',
  'role_id',
  'workspace_id',
  'assigned_at',
  'expires_at',
]);

export const personalData: PersonalData[] = [
  {
    ...assignments,
    rows: (db, subject) =>
      assignments
        .rows(db, subject)
        ?.select(db.raw('(select name from roles where roles.id = role_assignments.role_id) as role')),
  },
];
