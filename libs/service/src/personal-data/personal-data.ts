import type { ConsumerTools, EventDeclaration } from '@rivergate/events';
import type { Knex } from 'knex';

/** Whom an export or an erasure is about, and how much of it. */
export interface DataSubject {
  userId: number;
  /** Null: the whole person. Otherwise what belongs to this organization alone, to which the transaction is bound. */
  organizationId: number | null;
  /** Mail addresses of the user, as far as they are known here and to the organization. */
  addresses: readonly string[];
}

/**
 * What one table holds on people. Each table of a service has such a declaration, or is named with the reason why it needs
 * none (fleet/src/rules/personal-data.test.ts).
 */
export interface PersonalData<Tools extends object = object> {
  /** The table, under whose name an export shows the rows. */
  table: string;
  /** Rows on the subject; undefined where none of them belong to an organization. */
  rows(db: Knex.Transaction, subject: DataSubject): Knex.QueryBuilder | undefined;
  /**
   * Columns that an export shows: none that is a secret, or the hash of one, and none that tells of somebody else. Without
   * any, the rows are in no export.
   */
  shows: readonly string[];
  /** A unique one of these columns, by which rows are read in batches: for a table that may hold many on one person. */
  pagedBy?: string;
  /** Shown to administrators and to the user, not to who may merely read users. */
  restricted?: true;
  /** Takes the rows away, or what they tell of the person. By default they are deleted. */
  erase?(tools: Tools & ConsumerTools, subject: DataSubject): Promise<void>;
}

/** What a service that holds something on people declares once, beside what its modules hold. */
export interface PersonalDataPolicy<Tools extends object = object> {
  /** The event by which it confirms an erasure. */
  erased: EventDeclaration;
  addressesOf(db: Knex.Transaction, subject: Omit<DataSubject, 'addresses'>): Promise<readonly string[]>;
  /** What has to end, with its events, before rows go: sessions, tokens. */
  end?(tools: Tools & ConsumerTools, subject: DataSubject): Promise<void>;
}

/** A table whose rows belong to the user of `user_id`, and to no organization. */
export function ofUser(
  table: string,
  shows: readonly string[],
  more: { pagedBy?: string } = {},
): PersonalData {
  return {
    table,
    rows: (db, { userId, organizationId }) =>
      organizationId === null ? db(table).where({ user_id: userId }) : undefined,
    shows,
    ...more,
  };
}

/** A table whose rows are on the user of `user_id` in the organization of `organization_id`. */
export function ofMember(
  table: string,
  shows: readonly string[],
  more: Pick<PersonalData, 'pagedBy' | 'restricted'> = {},
): PersonalData {
  return {
    table,
    rows: (db, { userId, organizationId }) =>
      db(table).where({
        user_id: userId,
        ...(organizationId === null ? {} : { organization_id: organizationId }),
      }),
    shows,
    ...more,
  };
}
