import { type DataSubject, ofUser, type PersonalData } from '@rivergate/service';
import { forgetUser } from '../store/user-store.ts';

const provisioned: PersonalData = {
  table: 'scim_users',
  rows: (db, { userId, organizationId }: DataSubject) =>
    db('scim_users').where({
      user_id: userId,
      ...(organizationId === null ? {} : { organization_id: organizationId }),
    }),
  shows: ['organization_id', 'user_name', 'external_id', 'document', 'status', 'created_at', 'updated_at'],
  async erase({ db }, { userId, organizationId }) {
    const rows = db('scim_users').where({ user_id: userId });
    if (organizationId !== null) rows.where({ organization_id: organizationId });
    for (const { organization_id } of await rows.select('organization_id'))
      await forgetUser(db, { organization_id, user_id: userId });
  },
};

/** Memberships in groups go with the user. */
const memberships: PersonalData = {
  table: 'scim_group_members',
  rows: (db, { userId, organizationId }) =>
    db('scim_group_members').where({
      user_id: userId,
      ...(organizationId === null ? {} : { organization_id: organizationId }),
    }),
  shows: ['organization_id', 'group_id'],
};

export const personalData = [memberships, provisioned, ofUser('people', ['email', 'display_name'])];
