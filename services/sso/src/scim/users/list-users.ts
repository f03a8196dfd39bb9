import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { baseOf, LIST_ERRORS, ListResponse, SCIM } from '../answer.ts';
import { ScimOff } from '../errors.ts';
import { Choice, Shown } from '../store/listing.ts';
import { listedUsers } from './find-users.ts';

export const listUsers = endpoint(
  {
    ...SCIM,
    operation: 'listScimUsers',
    method: 'get',
    path: '/scim/v2/Users',
    summary: 'List and filter users',
    query: z.object({ ...Choice, ...Shown }),
    answer: ListResponse,
    errors: [...LIST_ERRORS, ScimOff],
  },
  ({ query, caller, db, publicUrl }) => listedUsers(db, caller.organizationId, query, baseOf(publicUrl)),
);
