import { invitationRevoked } from '@rivergate/events';
import type { DataSubject, PersonalData } from '@rivergate/service';
import type { Knex } from 'knex';
import { close } from './invitation-store.ts';

/** Those to the person: by address, and those that the user accepted, whatever the address. */
function toPerson(db: Knex.Transaction, { userId, organizationId, addresses }: DataSubject) {
  const found = db('invitations').where(either =>
    either.whereIn('email', [...addresses]).orWhere({ status: 'accepted', closed_by: userId }),
  );
  return organizationId === null ? found : found.where({ organization_id: organizationId });
}

function byPerson(db: Knex.Transaction, { userId, organizationId }: DataSubject) {
  const found = db('invitations').where({ invited_by: userId });
  return organizationId === null ? found : found.where({ organization_id: organizationId });
}

const invitations: PersonalData = {
  table: 'invitations',
  rows: (db, subject) =>
    db('invitations')
      .whereIn('id', toPerson(db, subject).select('id').union(byPerson(db, subject).select('id')))
      // Whom the user invited is somebody else.
      .select(
        db.raw('case when email = any(?) then email end as email', [[...subject.addresses]]),
        db.raw('case when email = any(?) then display_name end as display_name', [[...subject.addresses]]),
        db.raw('coalesce(invited_by = ?, false) as sent', [subject.userId]),
      ),
  shows: [
    'id',
    'organization_id',
    'workspace_id',
    'role_id',
    'message',
    'status',
    'created_at',
    'sent_at',
    'expires_at',
    'closed_at',
  ],
  pagedBy: 'id',
  restricted: true,
  async erase({ db, emit }, subject) {
    const pending: { id: number; organization_id: number }[] = await toPerson(db, subject)
      .where({ status: 'pending' })
      .select('id', 'organization_id');
    for (const { id, organization_id } of pending) {
      await close(db, id, 'revoked', null);
      const data = { invitation_id: id, organization_id, reason: 'user_erased' };
      await emit(invitationRevoked, { aggregateId: id, organizationId: organization_id, data });
    }
    await toPerson(db, subject).delete();
    await byPerson(db, subject).update({ message: null });
  },
};

/** By whom they were sent is an id, and counts in the limits of others. */
const mails: PersonalData = {
  table: 'invitation_mails',
  rows: (db, { organizationId, addresses }) =>
    db('invitation_mails')
      .whereIn('email', [...addresses])
      .where(organizationId === null ? {} : { organization_id: organizationId }),
  shows: ['id', 'organization_id', 'email', 'sent_at'],
  pagedBy: 'id',
  restricted: true,
};

export const personalData = [mails, invitations];
