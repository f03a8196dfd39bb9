import { error } from '@rivergate/endpoint';
import type { Knex } from 'knex';

export interface Enforcement {
  organization_id: number;
  /** Of organization, which decides it. */
  revision: number;
  enforced: boolean;
  /** Administrators who are let in without the identity provider. */
  break_glass_user_ids: number[];
}

export const ProviderNeeded = error(
  'CONFLICT',
  409,
  'The organization is entered by its identity provider only, and would be left without one; lift that first',
);

/** Null where it was never enforced. */
export async function enforcementOf(
  db: Knex.Transaction,
  organizationId: number,
): Promise<(Enforcement & { changed_at: Date | null }) | undefined> {
  return read(await db('enforcements').where({ organization_id: organizationId }).first());
}

/** The driver gives ids in arrays as text. */
function read<Row extends Pick<Enforcement, 'break_glass_user_ids'> | undefined>(row: Row): Row {
  return row && { ...row, break_glass_user_ids: row.break_glass_user_ids.map(Number) };
}

/** The same, for whose end whoever would change it, or providers, waits. */
export async function lockEnforcement(db: Knex.Transaction, organizationId: number): Promise<Enforcement> {
  const row = { organization_id: organizationId };
  await db('enforcements').insert(row).onConflict('organization_id').ignore();
  return read(await db('enforcements').where(row).forUpdate().first());
}

/** Keeps what organization has said, unless something later is known. */
export async function keepEnforcement(
  db: Knex.Transaction,
  { organization_id, revision, enforced, break_glass_user_ids }: Enforcement,
  changedAt: string | Knex.Raw,
): Promise<void> {
  await db('enforcements')
    .insert({ organization_id, revision, enforced, break_glass_user_ids, changed_at: changedAt })
    .onConflict('organization_id')
    .merge()
    .where('enforcements.revision', '<', revision);
}

/** For whom it does not hold. */
async function exemptUsers(db: Knex.Transaction, organizationId: number): Promise<number[]> {
  return await db('exemptions')
    .where({ organization_id: organizationId })
    .orderBy('user_id')
    .pluck('user_id');
}

/**
 * Whether the organization has an active provider at which somebody has signed in since it was last changed: what was set
 * works.
 */
export async function hasTestedProvider(db: Knex.Transaction, organizationId: number): Promise<boolean> {
  const found = await db('providers as p')
    .join('connections as c', 'c.provider_id', 'p.id')
    .where({ 'p.organization_id': organizationId, 'p.status': 'active' })
    .whereRaw('c.last_login_at >= p.updated_at')
    .first('p.id');
  return found !== undefined;
}

/**
 * Refuses what would leave an organization without an active provider that is entered by it only.
 *
 * @param without the one that goes
 * @throws ProviderNeeded
 */
export async function keepAProvider(
  db: Knex.Transaction,
  organizationId: number,
  without: number,
): Promise<void> {
  if (!(await lockEnforcement(db, organizationId)).enforced) return;
  const others = db('providers')
    .where({ organization_id: organizationId, status: 'active' })
    .whereNot('id', without);
  if (!(await others.first('id'))) throw ProviderNeeded();
}

/** What organization is told of an enforcement: who is let in without, and where the others go. */
export async function requirementOf(
  db: Knex.Transaction,
  { organization_id, break_glass_user_ids }: Pick<Enforcement, 'organization_id' | 'break_glass_user_ids'>,
  appUrl: string,
) {
  const exempt_user_ids = await exemptUsers(db, organization_id);
  return { break_glass_user_ids, exempt_user_ids, login_url: `${appUrl}/sign-in` };
}
