import type { PersonalData } from '@rivergate/service';

/** Accounts that are being made with an organization: rows of some minutes. */
export const personalData: PersonalData[] = [
  {
    table: 'provisional_administrators',
    rows: (db, { organizationId, userId, addresses }) =>
      organizationId === null
        ? db('provisional_administrators').where(either =>
            either.whereIn('email', [...addresses]).orWhere({ user_id: userId }),
          )
        : undefined,
    shows: [],
  },
];
