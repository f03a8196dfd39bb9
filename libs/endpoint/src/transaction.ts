import type { Knex } from 'knex';

/**
 * Binds what follows in this transaction to one organization: row-level security shows its rows only.
 * With null, no tenant row is visible at all.
 */
export async function withinOrganization(db: Knex.Transaction, organizationId: number | null): Promise<void> {
  await db.raw(
    "select set_config('rivergate.organization_id', ?, true), set_config('rivergate.scope', 'organization', true)",
    [organizationId === null ? '' : String(organizationId)],
  );
}

/**
 * Lifts row-level security for the rest of this transaction. For questions that span organizations by their
 * nature (whose member am I, whose invitation is this token); every use needs its own `where`.
 */
export async function acrossOrganizations(db: Knex.Transaction): Promise<void> {
  await db.raw("select set_config('rivergate.scope', 'platform', true)");
}

/** Opens the transaction of a request: bound to an organization and, for the caller's own rows, to a user. */
export async function bindCaller(
  db: Knex.Transaction,
  caller: { organizationId: number | null; userId: number | null },
): Promise<void> {
  // Nothing to say: what an earlier transaction of the connection was bound to ended with it.
  if (caller.organizationId === null && caller.userId === null) return;
  await db.raw(
    "select set_config('rivergate.organization_id', ?, true), set_config('rivergate.user_id', ?, true)",
    [
      caller.organizationId === null ? '' : String(caller.organizationId),
      caller.userId === null ? '' : String(caller.userId),
    ],
  );
}
