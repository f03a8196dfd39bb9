import { sendAhead } from '@rivergate/events';
import type { Knex } from 'knex';

/** What row-level security lets be seen. */
export interface Binding {
  organizationId: number | null;
  /** Whose own rows are seen, beside those of the organization. */
  userId: number | null;
  scope: 'organization' | 'platform';
}

const SETTINGS = {
  organizationId: 'rivergate.organization_id',
  userId: 'rivergate.user_id',
  scope: 'rivergate.scope',
} as const satisfies Record<keyof Binding, string>;

/** Binds what follows: a transaction by what is sent ahead of its next statement, a read by what each of its statements carries. */
async function bind(db: Knex.Transaction, change: Partial<Binding>): Promise<void> {
  const { binding } = db.client as { binding?: Binding };
  if (binding) {
    Object.assign(binding, change);
    return;
  }
  const given = Object.entries(change) as [keyof Binding, Binding[keyof Binding]][];
  const set = given.map(([name]) => `set_config('${SETTINGS[name]}', ?, true)`);
  const values = given.map(([, value]) => String(value ?? ''));
  await sendAhead(db, db.raw(`select ${set.join(', ')}`, values));
}

/**
 * Binds what follows in this transaction to one organization: row-level security shows its rows only.
 * With null, no tenant row is visible at all.
 */
export async function withinOrganization(db: Knex.Transaction, organizationId: number | null): Promise<void> {
  await bind(db, { organizationId, scope: 'organization' });
}

/**
 * Lifts row-level security for the rest of this transaction. For questions that span organizations by their
 * nature (whose member am I, whose invitation is this token); every use needs its own `where`.
 */
export async function acrossOrganizations(db: Knex.Transaction): Promise<void> {
  await bind(db, { scope: 'platform' });
}

/** Opens the transaction of a request: bound to an organization and, for the caller's own rows, to a user. */
export async function bindCaller(
  db: Knex.Transaction,
  { organizationId, userId }: Pick<Binding, 'organizationId' | 'userId'>,
): Promise<void> {
  // Nothing to say: what an earlier transaction of the connection was bound to ended with it.
  if (organizationId === null && userId === null) return;
  await bind(db, { organizationId, userId });
}
