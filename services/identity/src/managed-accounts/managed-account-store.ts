import type { Knex } from 'knex';
import { type Account, accountById } from '../accounts/account-store.ts';

/** What decides whether an organization has a say in an account. */
export interface ManagedRow {
  id: number;
  verified_at: Date | null;
  disabled_at: Date | null;
  managed_by: number | null;
  made_for_member: boolean;
  is_system_admin: boolean;
}

/** Locks the account until the transaction ends. */
export async function lockedManagedRow(
  db: Knex.Transaction,
  userId: number,
): Promise<ManagedRow | undefined> {
  return await db('users')
    .where({ id: userId })
    .forUpdate()
    .first('id', 'verified_at', 'disabled_at', 'managed_by', 'made_for_member', 'is_system_admin');
}

/** Whoever administers the platform is changed by no organization. */
export const isManagedBy = (row: ManagedRow, organizationId: number): boolean =>
  row.managed_by === organizationId && !row.is_system_admin;

/** The organization stands behind an account that nobody has verified; a password that was set for it proves nothing. */
export async function takeOn(db: Knex.Transaction, userId: number, organizationId: number): Promise<Account> {
  await db('users').where({ id: userId }).update({ managed_by: organizationId, password_hash: null });
  return (await accountById(db, userId))!;
}

export async function setDisabled(db: Knex.Transaction, userId: number, disabled: boolean): Promise<void> {
  await db('users')
    .where({ id: userId })
    .update({ disabled_at: disabled ? db.fn.now() : null, updated_at: db.fn.now() });
}

/**
 * Ends that accounts are managed: the one, unless by the organization that is named, or all of an organization.
 *
 * @returns them, and by whom they were managed
 */
export async function endManagement(
  db: Knex.Transaction,
  which: { userId: number; exceptBy: number } | { organizationId: number },
): Promise<{ id: number; organization_id: number; disabled: boolean }[]> {
  const managed = db('users').whereNotNull('managed_by').forUpdate();
  if ('userId' in which) managed.where({ id: which.userId }).whereNot({ managed_by: which.exceptBy });
  else managed.where({ managed_by: which.organizationId });
  const rows: { id: number; organization_id: number; disabled: boolean }[] = await managed.select(
    'id',
    'managed_by as organization_id',
    db.raw('disabled_at is not null as disabled'),
  );
  await db('users')
    .whereIn(
      'id',
      rows.map(({ id }) => id),
    )
    .update({ managed_by: null });
  return rows;
}
