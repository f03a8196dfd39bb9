import { endpoint } from '../../endpoint.ts';
import { baseOf, LIST_ERRORS, ListResponse, SCIM } from '../answer.ts';
import { ScimOff } from '../errors.ts';
import { InvalidSyntax } from '../protocol/errors.ts';
import { WITH_DOCUMENT } from '../request.ts';
import { readSearch } from '../search.ts';
import { listedUsers } from './find-users.ts';

export const searchUsers = endpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'searchScimUsers',
    method: 'post',
    path: '/scim/v2/Users/.search',
    summary: 'Search users by a body in place of a query',
    safe: true,
    answer: ListResponse,
    errors: [...LIST_ERRORS, InvalidSyntax, ScimOff],
  },
  ({ body, caller, db, publicUrl }) =>
    listedUsers(db, caller.organizationId, readSearch(body), baseOf(publicUrl)),
);
