import { z } from 'zod';
import { Resource, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { USER_ERRORS } from '../errors.ts';
import { askedFor, replyOf, WITH_DOCUMENT } from '../request.ts';
import { Shown } from '../store/listing.ts';
import { createUser as change } from './create.ts';

export const createUser = changeEndpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'createScimUser',
    method: 'post',
    path: '/scim/v2/Users',
    summary: 'Provision a user',
    description:
      'Makes a member of the organization, and an account where the address has none. Who is a member already is 409 ' +
      'uniqueness: look for userName and change that user.',
    query: z.object(Shown),
    status: 201,
    answer: Resource,
    errors: USER_ERRORS,
    idempotency: false,
  },
  change,
  input => askedFor('', input),
  replyOf,
);
