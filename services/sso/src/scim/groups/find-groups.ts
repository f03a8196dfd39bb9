import type { Knex } from 'knex';
import { listResponse } from '../answer.ts';
import { projection } from '../protocol/projection.ts';
import { GroupType } from '../protocol/schemas.ts';
import { enabledSettings } from '../settings/settings.ts';
import { groupExpressions } from '../store/expressions.ts';
import { GROUP_COLUMNS, type GroupRow, groupDocument, groupsOf } from '../store/group-store.ts';
import { listed } from '../store/listing.ts';
import { membersOfGroups } from '../store/member-store.ts';
import type { Wanted } from '../users/find-users.ts';

const expressions = groupExpressions(GroupType);

/** A page of the groups of an organization, as they are shown. */
export async function findGroups(db: Knex, organizationId: number, wanted: Wanted, base: string) {
  await enabledSettings(db, organizationId);
  const table = { type: GroupType, expressions, base };
  const page = await listed<GroupRow>(groupsOf(db, organizationId), GROUP_COLUMNS, table, wanted);
  const shown = projection(GroupType, wanted);
  const ids = shown.shows('members') ? page.rows.map(({ id }) => id) : [];
  const members = await membersOfGroups(db, organizationId, ids, base);
  return { page, resources: page.rows.map(row => shown.of(groupDocument(row, members, base))) };
}

export async function listedGroups(db: Knex, organizationId: number, wanted: Wanted, base: string) {
  const { page, resources } = await findGroups(db, organizationId, wanted, base);
  return listResponse(resources, page);
}
