import { organizationUserErased } from '@rivergate/events';
import type { DataSubject, PersonalData, PersonalDataPolicy } from '@rivergate/service';
import type { Knex } from 'knex';

/** An organization sees them of its members. */
function ofPerson(db: Knex.Transaction, table: string, { userId, organizationId }: DataSubject) {
  const found = db(`${table} as p`).where('p.user_id', userId);
  if (organizationId === null) return found;
  return found.whereExists(
    db('memberships as m').where({ 'm.user_id': userId, 'm.organization_id': organizationId }),
  );
}

const person: PersonalData = {
  table: 'people',
  rows: (db, subject) => {
    const found = ofPerson(db, 'people', subject);
    return subject.organizationId === null ? found.select('p.verified_emails') : found;
  },
  shows: ['p.email', 'p.display_name', 'p.profile_image_url', 'p.status', 'p.updated_at'],
  // The row stays, so that no membership begins any more, and what names the user has somebody to name.
  async erase({ db }, { userId, organizationId }) {
    if (organizationId !== null) return;
    await db('people').where({ user_id: userId }).update({
      email: '',
      display_name: 'Erased user',
      verified_emails: [],
      profile_image_url: null,
      status: 'erased',
      updated_at: db.fn.now(),
    });
  },
};

const activity: PersonalData = {
  table: 'user_activity',
  rows: (db, subject) => ofPerson(db, 'user_activity', subject),
  shows: ['p.last_login_at', 'p.last_activity_at'],
  // It is the user's: the organizations of which they are a member see it.
  async erase({ db }, { userId, organizationId }) {
    if (organizationId === null) await db('user_activity').where({ user_id: userId }).delete();
  },
};

/** After all that finds something by the addresses. */
export const personalData = [activity, person];

export const personalDataPolicy: PersonalDataPolicy = {
  erased: organizationUserErased,
  /** An organization knows the address that it is shown, and none that the user has proved elsewhere. */
  async addressesOf(db, { userId, organizationId }) {
    const found = await db('people').where({ user_id: userId }).first('email', 'verified_emails');
    if (!found) return [];
    return organizationId === null ? [...new Set([found.email, ...found.verified_emails])] : [found.email];
  },
};
