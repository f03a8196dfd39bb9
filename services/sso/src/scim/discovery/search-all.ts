import { endpoint } from '../../endpoint.ts';
import { baseOf, LIST_ERRORS, ListResponse, listResponse, SCIM } from '../answer.ts';
import { ScimOff } from '../errors.ts';
import { findGroups } from '../groups/find-groups.ts';
import { InvalidSyntax, InvalidValue } from '../protocol/errors.ts';
import { WITH_DOCUMENT } from '../request.ts';
import { readSearch } from '../search.ts';
import { MOST_RESULTS } from '../store/listing.ts';
import { findUsers } from '../users/find-users.ts';

export const searchAll = endpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'searchScim',
    method: 'post',
    path: '/scim/v2/.search',
    summary: 'Search users and groups at once',
    description:
      'By what both have; users come first. Of one kind alone, search at its own address, which also has cursors.',
    safe: true,
    answer: ListResponse,
    errors: [...LIST_ERRORS, InvalidSyntax, ScimOff],
  },
  async ({ body, caller: { organizationId }, db, publicUrl }) => {
    const wanted = readSearch(body);
    if (wanted.cursor !== undefined || wanted.sortBy !== undefined)
      throw InvalidValue('A search of both kinds has no cursor, and is not sorted');
    const base = baseOf(publicUrl);
    const startIndex = Math.max(1, wanted.startIndex ?? 1);
    const count = Math.min(MOST_RESULTS, Math.max(0, wanted.count ?? MOST_RESULTS));
    const users = await findUsers(db, organizationId, wanted, base);
    const left = count - users.resources.length;
    const from = Math.max(1, startIndex - users.page.total);
    const groups = await findGroups(db, organizationId, { ...wanted, startIndex: from, count: left }, base);
    return listResponse([...users.resources, ...groups.resources], {
      total: users.page.total + groups.page.total,
      startIndex,
      nextCursor: undefined,
    });
  },
);
