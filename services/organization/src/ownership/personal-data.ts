import type { PersonalData } from '@rivergate/service';

/** Offers that somebody made or got: they end with the membership. */
export const personalData: PersonalData[] = [
  {
    table: 'ownership_transfers',
    rows: (db, { userId, organizationId }) =>
      db('ownership_transfers')
        .where(either => either.where({ from_user_id: userId }).orWhere({ to_user_id: userId }))
        .where(organizationId === null ? {} : { organization_id: organizationId }),
    shows: ['organization_id', 'from_user_id', 'to_user_id', 'created_at', 'expires_at'],
  },
];
