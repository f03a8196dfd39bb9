import type { findAccount } from '@rivergate/contracts';
import {
  acrossOrganizations,
  type CallAnswer,
  domainOfAddress,
  OrganizationNotFound,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { enterOrganization, type OrganizationRow } from '../organizations/organization-store.ts';

/** An account as identity knows it. */
export type Account = CallAnswer<typeof findAccount>;

/** @throws OrganizationNotFound, also for a personal organization, which has nobody brought */
export async function enterProvisionable(
  db: Knex.Transaction,
  organizationId: number,
): Promise<OrganizationRow> {
  return provisionable(await enterOrganization(db, organizationId));
}

export function provisionable(organization: OrganizationRow): OrganizationRow {
  if (organization.personal_user_id !== null) throw OrganizationNotFound();
  return organization;
}

/** Whether an address lies in a domain that the organization has verified. */
export async function ownsDomainOf(
  db: Knex.Transaction,
  organizationId: number,
  email: string,
): Promise<boolean> {
  const found = await db('domains')
    .where({ organization_id: organizationId, domain: domainOfAddress(email) })
    .whereNotNull('verified_at')
    .first('id');
  return found !== undefined;
}

/** Whether a user belongs to another organization than this one and the user's own. Makes the transaction read across organizations. */
export async function belongsElsewhere(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<boolean> {
  await acrossOrganizations(db);
  const found = await db('memberships as m')
    .join('organizations as o', 'o.id', 'm.organization_id')
    .where('m.user_id', userId)
    .whereNot('o.id', organizationId)
    .whereNull('o.personal_user_id')
    .first('o.id');
  return found !== undefined;
}

/**
 * Whether an account is the organization's to change: it made it, its address lies in a domain that it has verified still,
 * and its user belongs to no other. Makes the transaction read across organizations.
 */
export async function manages(
  db: Knex.Transaction,
  organizationId: number,
  { user_id, email, verified, managed_by }: Account,
): Promise<boolean> {
  if (managed_by !== organizationId || !verified) return false;
  if (!(await ownsDomainOf(db, organizationId, email))) return false;
  return !(await belongsElsewhere(db, organizationId, user_id));
}
