import { z } from 'zod';
import { IfMatch, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { USER_ERRORS } from '../errors.ts';
import { askedFor, PathId, replyOf } from '../request.ts';
import { deleteUser as change } from './delete.ts';

export const deleteUser = changeEndpoint(
  {
    ...SCIM,
    operation: 'deleteScimUser',
    method: 'delete',
    path: '/scim/v2/Users/:user_id',
    summary: 'Deprovision a user',
    params: z.object({ user_id: PathId }),
    headers: IfMatch,
    status: 204,
    errors: USER_ERRORS,
    idempotency: false,
  },
  change,
  input => askedFor(input.params.user_id, input),
  replyOf,
);
