import { z } from 'zod';
import { IfMatch, Resource, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { USER_ERRORS } from '../errors.ts';
import { askedFor, PathId, replyOf, WITH_DOCUMENT } from '../request.ts';
import { Shown } from '../store/listing.ts';
import { replaceUser as change } from './update.ts';

export const replaceUser = changeEndpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'replaceScimUser',
    method: 'put',
    path: '/scim/v2/Users/:user_id',
    summary: 'Replace a user',
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
