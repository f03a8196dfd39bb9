import { domainOfAddress } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { standingOf } from '../access/standing.ts';
import { personOf } from '../people/people-store.ts';
import { missingToHandOut } from '../roles/hand-out.ts';
import { findRole } from '../roles/role-store.ts';
import { effectiveSettings, type SettingsChange } from '../settings/settings.ts';
import { EmailDomainNotAllowed } from './errors.ts';

function isAllowed(settings: SettingsChange, email: string | undefined): boolean {
  const { allowed_email_domains: allowed } = effectiveSettings(settings).members;
  // Of whom no address is known, nobody knows that it is allowed.
  return allowed.length === 0 || (email !== undefined && allowed.includes(domainOfAddress(email)));
}

/**
 * For what would make the owner of an address a member some day; the membership itself is refused by addMember.
 *
 * @throws EmailDomainNotAllowed
 */
export function requireAllowedAddress(settings: SettingsChange, email: string): void {
  if (!isAllowed(settings, email)) throw EmailDomainNotAllowed();
}

async function isOutside(db: Knex.Transaction, organizationId: number, userId: number): Promise<boolean> {
  const { settings } = await db('organizations').where({ id: organizationId }).first('settings');
  if (isAllowed(settings, undefined)) return false;
  return !isAllowed(settings, (await personOf(db, userId))?.email);
}

/** @throws EmailDomainNotAllowed for a user of whom the account's address may not become a member's */
export async function requireAllowedUser(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<void> {
  if (await isOutside(db, organizationId, userId)) throw EmailDomainNotAllowed();
}

/**
 * A member from before the setting stays, and gets no more than is held already: a role that holds less can be given.
 *
 * @throws EmailDomainNotAllowed
 */
export async function requireAllowedRole(
  db: Knex.Transaction,
  { organizationId, userId, roleId, workspaceId }: Grant,
): Promise<void> {
  if (!(await isOutside(db, organizationId, userId))) return;
  const role = await findRole(db, organizationId, roleId);
  const standing = await standingOf(db, organizationId, userId);
  if (!role || missingToHandOut(standing, role.permissions, workspaceId).length > 0)
    throw EmailDomainNotAllowed();
}

interface Grant {
  organizationId: number;
  userId: number;
  roleId: number;
  workspaceId: number | null;
}

/** How many members have an address at none of the domains. The transaction is bound to the organization. */
export async function membersOutside(
  db: Knex.Transaction,
  organizationId: number,
  domains: readonly string[],
): Promise<number> {
  if (domains.length === 0) return 0;
  const row = await db('members as m')
    .where('m.organization_id', organizationId)
    .whereRaw("coalesce(split_part(m.email, '@', 2), '') <> all(?::text[])", [`{${domains.join(',')}}`])
    .count({ members: '*' })
    .first();
  return Number(row?.members);
}
