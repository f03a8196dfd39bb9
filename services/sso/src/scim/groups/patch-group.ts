import { z } from 'zod';
import { IfMatch, Resource, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { GROUP_ERRORS } from '../errors.ts';
import { askedFor, PathId, replyOf, WITH_DOCUMENT } from '../request.ts';
import { Shown } from '../store/listing.ts';
import { patchGroup as change } from './changes.ts';

export const patchGroup = changeEndpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'patchScimGroup',
    method: 'patch',
    path: '/scim/v2/Groups/:group_id',
    summary: 'Change a group',
    description:
      'The operations apply in their order, all or none. One that names no members touches none; of a large group, leave ' +
      '`members` out of the answer by excludedAttributes.',
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
