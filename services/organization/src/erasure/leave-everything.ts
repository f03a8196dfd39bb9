import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { endMembership } from '../members/end-membership.ts';
import { LastAdministrator } from '../members/errors.ts';
import { hasAnotherAdministrator, hasAnotherWayIn } from '../members/last-administrator.ts';
import { findMembership } from '../members/member-store.ts';
import {
  eraseOrganization,
  lockAnyOrganization,
  type OrganizationRow,
} from '../organizations/organization-store.ts';
import { MembershipsChanged } from './errors.ts';

/**
 * Ends every membership of a user for good, and the organizations in which nobody else is: the personal one, and others
 * that nobody could ever reach again. Those in which others are keep an administrator, and one who
 * gets in without the identity provider while it is required. No membership can begin
 * afterwards, see `addMember`. The transaction reads across organizations at the end.
 *
 * @returns false where the user has left already
 * @throws LastAdministrator, MembershipsChanged
 */
export async function leaveEverything(work: Work, userId: number): Promise<boolean> {
  const { db } = work;
  const organizations: OrganizationRow[] = [];
  // In the order of their ids, as everybody does who takes several of these locks.
  for (const id of await organizationIdsOf(db, userId)) organizations.push(await lockAnyOrganization(db, id));
  // After these locks, as `addMember` has it.
  const left = await db('people')
    .where({ user_id: userId })
    .whereNot({ status: 'erased' })
    .update({ status: 'erased', updated_at: db.fn.now() });
  if (left === 0) return false;
  const now = await organizationIdsOf(db, userId);
  if (now.length !== organizations.length || now.some((id, index) => id !== organizations[index]!.id))
    throw MembershipsChanged();

  const remaining: string[] = [];
  const shut: string[] = [];
  for (const organization of organizations) {
    const ends = await howItEnds(db, organization, userId);
    if (ends === 'is needed') remaining.push(organization.name);
    else if (ends === 'is its way in') shut.push(organization.name);
    else if (ends === 'alone') await eraseOrganization(work, organization, 'user_erased');
    else await leave(work, organization, userId);
  }
  await acrossOrganizations(db);
  if (remaining.length === 0 && shut.length === 0) return true;
  const words = [
    ...(remaining.length === 0
      ? []
      : [
          `You are the last administrator of ${remaining.join(', ')}: make somebody else one, or delete the organization`,
        ]),
    ...(shut.length === 0
      ? []
      : [
          `You are the last administrator who gets in without the identity provider in ${shut.join(', ')}: name another for ` +
            'that, or lift the enforcement of SSO',
        ]),
  ];
  throw LastAdministrator(words.join('. '));
}

async function organizationIdsOf(db: Knex.Transaction, userId: number): Promise<number[]> {
  await acrossOrganizations(db);
  return await db('memberships')
    .where({ user_id: userId })
    .orderBy('organization_id')
    .pluck('organization_id');
}

async function howItEnds(
  db: Knex.Transaction,
  { id, deleted_at }: OrganizationRow,
  userId: number,
): Promise<'alone' | 'is needed' | 'is its way in' | 'leaves'> {
  const others = db('memberships').where({ organization_id: id }).whereNot({ user_id: userId });
  if (!(await others.first('user_id'))) return 'alone';
  const membership = await findMembership(db, id, userId);
  if (!membership) return 'leaves';
  // Nobody could restore it any more.
  if (!(await hasAnotherAdministrator(db, id, membership)))
    return deleted_at === null ? 'is needed' : 'alone';
  // Nobody signs in to an organization that waits for its end; who restores it names others.
  return deleted_at !== null || (await hasAnotherWayIn(db, id, membership)) ? 'leaves' : 'is its way in';
}

async function leave(work: Work, { id }: OrganizationRow, userId: number): Promise<void> {
  // It goes on as any other.
  await work.db('organizations').where({ id, personal_user_id: userId }).update({ personal_user_id: null });
  await endMembership(work, id, userId);
}
