import type { Knex } from 'knex';
import { InvalidValue } from '../protocol/errors.ts';
import type { Filter } from '../protocol/filter.ts';
import { GroupType } from '../protocol/schemas.ts';
import { type Document, isEmpty, isObject } from '../protocol/value.ts';
import { groupExpressions, groupMembers } from './expressions.ts';
import { conditionOf } from './filter-sql.ts';
import type { GroupRow, MembersOfGroups } from './group-store.ts';
import { idOf } from './user-store.ts';

/** Whom a client names as members. */
export interface NamedMembers {
  users: readonly number[];
  groups: readonly number[];
}

/** Members that one request names. */
const MOST_NAMED = 50_000;

/** Reads the value of `members` in the shapes in which it comes. @throws InvalidValue */
export function namedMembers(value: unknown): NamedMembers {
  if (isEmpty(value)) return { users: [], groups: [] };
  const given = Array.isArray(value) ? value : [value];
  if (given.length > MOST_NAMED) throw InvalidValue(`members has at most ${MOST_NAMED} values in a request`);
  const users = new Set<number>();
  const groups = new Set<number>();
  for (const element of given) {
    const named = isObject(element) ? element : { value: element };
    const [, sent] = Object.entries(named).find(([key]) => key.toLowerCase() === 'value') ?? [];
    const [, type] = Object.entries(named).find(([key]) => key.toLowerCase() === 'type') ?? [];
    const id = typeof sent === 'string' || typeof sent === 'number' ? idOf(String(sent)) : null;
    if (id === null) throw InvalidValue(`There is no member ${String(sent).slice(0, 100)}`);
    (String(type).toLowerCase() === 'group' ? groups : users).add(id);
  }
  return { users: [...users], groups: [...groups] };
}

/** Locks those that are named, so that none of them leaves meanwhile. @throws InvalidValue for who is not there */
export async function requireMembers(
  db: Knex.Transaction,
  organizationId: number,
  { users, groups }: NamedMembers,
): Promise<void> {
  const ids = [...users].sort((left, right) => left - right);
  const { rows: unknown } = await db.raw(
    `with known as (
       select user_id from scim_users
       where organization_id = :organizationId and user_id = any(cast(:ids as bigint[])) and user_name is not null
       order by user_id for key share
     )
     select id from unnest(cast(:ids as bigint[])) as id where id not in (select user_id from known) limit 1`,
    { organizationId, ids },
  );
  const { rows: unknownGroups } =
    groups.length === 0
      ? { rows: [] }
      : await db.raw(
          `select id from unnest(cast(:ids as bigint[])) as id where id not in
             (select id from scim_groups where organization_id = :organizationId) limit 1`,
          { organizationId, ids: [...groups] },
        );
  const missing = unknown[0] ?? unknownGroups[0];
  if (missing) throw InvalidValue(`There is no member ${missing.id}`);
}

/** @returns users who have become members */
export async function addMembers(
  db: Knex.Transaction,
  { organization_id: organizationId, id: groupId }: GroupRow,
  { users, groups }: NamedMembers,
): Promise<Touched> {
  if (users.length + groups.length === 0) return NOBODY;
  const { rows } = await db.raw(
    `insert into scim_group_members (organization_id, group_id, user_id, member_group_id)
     select cast(:organizationId as bigint), cast(:groupId as bigint), id, cast(null as bigint) from unnest(cast(:users as bigint[])) as id
     union all select cast(:organizationId as bigint), cast(:groupId as bigint), null, id from unnest(cast(:groups as bigint[])) as id
     on conflict do nothing returning user_id`,
    { organizationId, groupId, users: [...users], groups: [...groups] },
  );
  return touchedBy(rows);
}

/** @param besides who stays; all go where it is null */
export async function removeOthers(
  db: Knex.Transaction,
  group: GroupRow,
  { users, groups }: NamedMembers,
): Promise<Touched> {
  const { rows } = await db.raw(
    `delete from scim_group_members where organization_id = :organizationId and group_id = :groupId
       and not coalesce(user_id = any(cast(:users as bigint[])), false)
       and not coalesce(member_group_id = any(cast(:groups as bigint[])), false)
     returning user_id`,
    { organizationId: group.organization_id, groupId: group.id, users: [...users], groups: [...groups] },
  );
  return touchedBy(rows);
}

export async function removeMembers(
  db: Knex.Transaction,
  group: GroupRow,
  { users, groups }: NamedMembers,
): Promise<Touched> {
  const { rows } = await db.raw(
    `delete from scim_group_members where organization_id = :organizationId and group_id = :groupId
       and (user_id = any(cast(:users as bigint[])) or member_group_id = any(cast(:groups as bigint[])))
     returning user_id`,
    { organizationId: group.organization_id, groupId: group.id, users: [...users], groups: [...groups] },
  );
  return touchedBy(rows);
}

/** Those that a filter of a path describes, as `members[value eq "7"]`. */
export async function removeMatching(
  db: Knex.Transaction,
  group: GroupRow,
  filter: Filter,
  base: string,
): Promise<Touched> {
  const { from, element } = groupMembers;
  const { sql, values } = conditionOf(filter, groupExpressions(GroupType), base, element);
  const { rows } = await db.raw(
    `delete from scim_group_members where ctid = any(array(
       select gm.ctid from ${from}
       where gm.organization_id = :organizationId and gm.group_id = :groupId and ${sql}))
     returning user_id`,
    { ...values, organizationId: group.organization_id, groupId: group.id },
  );
  return touchedBy(rows);
}

/** How many memberships have changed, and those of which users. */
export interface Touched {
  count: number;
  users: readonly number[];
}

const NOBODY: Touched = { count: 0, users: [] };

const touchedBy = (rows: readonly { user_id: number | null }[]): Touched => ({
  count: rows.length,
  users: rows.map(({ user_id }) => user_id).filter(id => id !== null),
});

/** @param groupIds groups of one page */
export async function membersOfGroups(
  db: Knex,
  organizationId: number,
  groupIds: readonly number[],
  base: string,
): Promise<MembersOfGroups> {
  if (groupIds.length === 0) return new Map();
  const { from, element } = groupMembers;
  const { rows } = await db.raw(
    `select gm.group_id as id, ${element('value')} as value, ${element('display')} as display, ${element('type')} as type
     from ${from} where gm.organization_id = :organizationId and gm.group_id = any(cast(:groupIds as bigint[]))
     order by gm.group_id, gm.user_id nulls last, gm.member_group_id`,
    { organizationId, groupIds: [...groupIds] },
  );
  const shown = new Map<number, Document[]>();
  for (const { id, value: member, display: name, type: kind } of rows as Record<string, string>[]) {
    const members = shown.get(Number(id)) ?? [];
    members.push({
      value: member!,
      $ref: `${base}/${kind}s/${member}`,
      ...(name ? { display: name } : {}),
      type: kind!,
    });
    shown.set(Number(id), members);
  }
  return shown;
}
