import type { Knex } from 'knex';
import { listResponse } from '../answer.ts';
import { projection } from '../protocol/projection.ts';
import { UserType } from '../protocol/schemas.ts';
import { enabledSettings } from '../settings/settings.ts';
import { userExpressions } from '../store/expressions.ts';
import { type Chosen, listed } from '../store/listing.ts';
import { groupsOfUsers, USER_COLUMNS, type UserRow, userDocument, usersOf } from '../store/user-store.ts';

const expressions = userExpressions(UserType);

export interface Wanted extends Chosen {
  attributes?: string | undefined;
  excludedAttributes?: string | undefined;
}

/** A page of the users of an organization, as they are shown. */
export async function findUsers(db: Knex, organizationId: number, wanted: Wanted, base: string) {
  await enabledSettings(db, organizationId);
  const table = { type: UserType, expressions, base };
  const page = await listed<UserRow>(usersOf(db, organizationId), USER_COLUMNS, table, wanted);
  const shown = projection(UserType, wanted);
  const ids = shown.shows('groups') ? page.rows.map(({ user_id }) => user_id) : [];
  const groups = await groupsOfUsers(db, organizationId, ids, base);
  return { page, resources: page.rows.map(row => shown.of(userDocument(row, groups, base))) };
}

export async function listedUsers(db: Knex, organizationId: number, wanted: Wanted, base: string) {
  const { page, resources } = await findUsers(db, organizationId, wanted, base);
  return listResponse(resources, page);
}
