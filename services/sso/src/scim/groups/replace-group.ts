import { z } from 'zod';
import { IfMatch, Resource, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { GROUP_ERRORS } from '../errors.ts';
import { askedFor, PathId, replyOf, WITH_DOCUMENT } from '../request.ts';
import { Shown } from '../store/listing.ts';
import { replaceGroup as change } from './changes.ts';

export const replaceGroup = changeEndpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'replaceScimGroup',
    method: 'put',
    path: '/scim/v2/Groups/:group_id',
    summary: 'Replace a group',
    description: 'Without `members` in the document they stay; an empty list removes all.',
    params: z.object({ group_id: PathId }),
    query: z.object(Shown),
    headers: IfMatch,
    answer: Resource,
    errors: GROUP_ERRORS,
    idempotency: false,
  },
  change,
  input => askedFor(input.params.group_id, input),
  replyOf,
);
