import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { baseOf, LIST_ERRORS, ListResponse, SCIM } from '../answer.ts';
import { ScimOff } from '../errors.ts';
import { Choice, Shown } from '../store/listing.ts';
import { listedGroups } from './find-groups.ts';

export const listGroups = endpoint(
  {
    ...SCIM,
    operation: 'listScimGroups',
    method: 'get',
    path: '/scim/v2/Groups',
    summary: 'List and filter groups',
    query: z.object({ ...Choice, ...Shown }),
    answer: ListResponse,
    errors: [...LIST_ERRORS, ScimOff],
  },
  ({ query, caller, db, publicUrl }) => listedGroups(db, caller.organizationId, query, baseOf(publicUrl)),
);
