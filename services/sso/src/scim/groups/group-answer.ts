import type { Knex } from 'knex';
import { locationOf, versionTag } from '../answer.ts';
import type { Asked, Changed } from '../change.ts';
import { projection } from '../protocol/projection.ts';
import { GroupType } from '../protocol/schemas.ts';
import { type GroupRow, groupDocument } from '../store/group-store.ts';
import { membersOfGroups } from '../store/member-store.ts';

/** A group as a change answers it: members are looked for where they are shown alone. */
export async function groupAnswer(
  db: Knex,
  row: GroupRow,
  asked: Pick<Asked, 'attributes' | 'excludedAttributes'>,
  base: string,
  status: 200 | 201 = 200,
): Promise<Changed> {
  const shown = projection(GroupType, asked);
  const ids = shown.shows('members') ? [row.id] : [];
  const members = await membersOfGroups(db, row.organization_id, ids, base);
  return {
    status,
    id: row.id,
    version: versionTag(row.version),
    location: locationOf(base, GroupType, row.id),
    document: shown.of(groupDocument(row, members, base)),
  };
}
