import type { Knex } from 'knex';
import { locationOf, versionTag } from '../answer.ts';
import type { Asked, Changed } from '../change.ts';
import { projection } from '../protocol/projection.ts';
import { UserType } from '../protocol/schemas.ts';
import { groupsOfUsers, type UserRow, userDocument } from '../store/user-store.ts';

/** A user as a change answers them. */
export async function userAnswer(
  db: Knex,
  row: UserRow,
  asked: Pick<Asked, 'attributes' | 'excludedAttributes'>,
  base: string,
  status: 200 | 201 = 200,
): Promise<Changed> {
  const shown = projection(UserType, asked);
  const ids = shown.shows('groups') && status !== 201 ? [row.user_id] : [];
  const groups = await groupsOfUsers(db, row.organization_id, ids, base);
  return {
    status,
    id: row.user_id,
    version: versionTag(row.version),
    location: locationOf(base, UserType, row.user_id),
    document: shown.of(userDocument(row, groups, base)),
  };
}
