import { ofMember, type PersonalData } from '@rivergate/service';

const members = ofMember('workspace_members', ['organization_id', 'workspace_id', 'joined_at']);

export const personalData: PersonalData[] = [
  {
    ...members,
    rows: (db, subject) =>
      members
        .rows(db, subject)
        ?.select(
          db.raw(
            '(select name from workspaces where workspaces.id = workspace_members.workspace_id) as workspace',
          ),
        ),
  },
];
