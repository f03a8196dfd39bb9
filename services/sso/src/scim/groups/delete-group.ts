import { z } from 'zod';
import { IfMatch, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { GROUP_ERRORS } from '../errors.ts';
import { askedFor, PathId, replyOf } from '../request.ts';
import { deleteGroup as change } from './changes.ts';

export const deleteGroup = changeEndpoint(
  {
    ...SCIM,
    operation: 'deleteScimGroup',
    method: 'delete',
    path: '/scim/v2/Groups/:group_id',
    summary: 'Delete a group',
    params: z.object({ group_id: PathId }),
    headers: IfMatch,
    status: 204,
    errors: GROUP_ERRORS,
    idempotency: false,
  },
  change,
  input => askedFor(input.params.group_id, input),
  replyOf,
);
