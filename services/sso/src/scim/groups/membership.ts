import type { Working } from '../change.ts';
import { Mutability, NoTarget } from '../protocol/errors.ts';
import { describedElement } from '../protocol/matches.ts';
import { isAbout, type Operation } from '../protocol/patch.ts';
import { isEmpty } from '../protocol/value.ts';
import { rolesAreDue } from '../roles.ts';
import { settingsOf } from '../settings/settings.ts';
import type { GroupRow } from '../store/group-store.ts';
import {
  addMembers,
  namedMembers,
  removeMatching,
  removeMembers,
  removeOthers,
  requireMembers,
  type Touched,
} from '../store/member-store.ts';

const NOBODY = { users: [], groups: [] };

/** Makes those the members who are named, and nobody else. */
export async function setMembers(working: Working, group: GroupRow, value: unknown): Promise<number> {
  const { db } = working;
  const named = namedMembers(value);
  await requireMembers(db, group.organization_id, named);
  const gone = await removeOthers(db, group, named);
  const come = await addMembers(db, group, named);
  return await noted(working, group, [gone, come]);
}

/**
 * Changes the members of a group as the operations of a PATCH say, by statements on those that are named: however many there
 * are besides.
 *
 * @returns how many memberships have begun or ended
 */
export async function changeMembers(
  working: Working,
  group: GroupRow,
  operations: readonly Operation[],
): Promise<number> {
  const touched: Touched[] = [];
  for (const operation of operations) touched.push(...(await changedBy(working, group, operation)));
  return await noted(working, group, touched);
}

async function changedBy({ db, base }: Working, group: GroupRow, operation: Operation): Promise<Touched[]> {
  const { kind, path, elements, value } = operation;
  if (path.sub) throw Mutability('Of a member nothing changes: remove one and add another');
  if (kind === 'remove') {
    if (elements) return [await removeMatching(db, group, elements, base)];
    if (value === undefined) return [await removeOthers(db, group, NOBODY)];
    return [await removeMembers(db, group, namedMembers(value))];
  }
  if (elements) {
    const described = describedElement(elements);
    if (!described) throw NoTarget('The path describes no member');
    const named = namedMembers(described);
    await requireMembers(db, group.organization_id, named);
    return [await addMembers(db, group, named)];
  }
  const named = isEmpty(value) ? NOBODY : namedMembers(value);
  await requireMembers(db, group.organization_id, named);
  const gone = kind === 'replace' ? [await removeOthers(db, group, named)] : [];
  return [...gone, await addMembers(db, group, named)];
}

/** Roles follow groups, where the organization has said which. */
async function noted({ db }: Working, group: GroupRow, touched: readonly Touched[]): Promise<number> {
  const count = touched.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return 0;
  const settings = await settingsOf(db, group.organization_id);
  if (settings.group_mappings.length === 0) return count;
  // Through a group that is a member, others are touched than those who are named.
  const users = touched.flatMap(one => one.users);
  await rolesAreDue(db, settings, users.length === count ? users : null);
  return count;
}

/** Those of the group itself, and those of its members. */
export const apart = (operations: readonly Operation[]) => ({
  ofMembers: operations.filter(operation => isAbout(operation, 'members')),
  ofGroup: operations.filter(operation => !isAbout(operation, 'members')),
});
