import { ofMember, type PersonalData } from '@rivergate/service';

const former = ofMember('former_members', ['organization_id', 'ended_at']);

export const personalData: PersonalData[] = [
  ofMember('join_requests', ['organization_id', 'created_at', 'rejected_at']),
  {
    ...former,
    // Who was erased from an organization is not let in by a domain again, as nobody is who left.
    async erase({ db }, subject) {
      if (subject.organizationId === null) await former.rows(db, subject)?.delete();
    },
  },
];
