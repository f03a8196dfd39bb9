import { endpoint } from '../../endpoint.ts';
import { baseOf, LIST_ERRORS, ListResponse, SCIM } from '../answer.ts';
import { ScimOff } from '../errors.ts';
import { InvalidSyntax } from '../protocol/errors.ts';
import { WITH_DOCUMENT } from '../request.ts';
import { readSearch } from '../search.ts';
import { listedGroups } from './find-groups.ts';

export const searchGroups = endpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'searchScimGroups',
    method: 'post',
    path: '/scim/v2/Groups/.search',
    summary: 'Search groups by a body in place of a query',
    safe: true,
    answer: ListResponse,
    errors: [...LIST_ERRORS, InvalidSyntax, ScimOff],
  },
  ({ body, caller, db, publicUrl }) =>
    listedGroups(db, caller.organizationId, readSearch(body), baseOf(publicUrl)),
);
