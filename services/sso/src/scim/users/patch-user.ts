import { z } from 'zod';
import { IfMatch, Resource, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { USER_ERRORS } from '../errors.ts';
import { askedFor, PathId, replyOf, WITH_DOCUMENT } from '../request.ts';
import { Shown } from '../store/listing.ts';
import { patchUser as change } from './update.ts';

export const patchUser = changeEndpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'patchScimUser',
    method: 'patch',
    path: '/scim/v2/Users/:user_id',
    summary: 'Change a user',
    description:
      'The operations apply in their order, all or none. `active` with false suspends the membership.',
    params: z.object({ user_id: PathId }),
    query: z.object(Shown),
    headers: IfMatch,
    answer: Resource,
    errors: USER_ERRORS,
    idempotency: false,
  },
  change,
  input => askedFor(input.params.user_id, input),
  replyOf,
);
