import type { PersonalData } from '@rivergate/service';

/** What is kept under a mail address for a while, by whoever names it: an export shows none of it. */
export function byAddress(table: string, column: string): PersonalData {
  return {
    table,
    rows: (db, { addresses, organizationId }) =>
      organizationId === null ? db(table).whereIn(column, [...addresses]) : undefined,
    shows: [],
  };
}
