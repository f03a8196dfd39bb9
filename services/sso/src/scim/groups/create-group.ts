import { z } from 'zod';
import { Resource, SCIM } from '../answer.ts';
import { changeEndpoint } from '../change-endpoint.ts';
import { GROUP_ERRORS } from '../errors.ts';
import { askedFor, replyOf, WITH_DOCUMENT } from '../request.ts';
import { Shown } from '../store/listing.ts';
import { createGroup as change } from './changes.ts';

export const createGroup = changeEndpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'createScimGroup',
    method: 'post',
    path: '/scim/v2/Groups',
    summary: 'Create a group',
    query: z.object(Shown),
    status: 201,
    answer: Resource,
    errors: GROUP_ERRORS,
    idempotency: false,
  },
  change,
  input => askedFor('', input),
  replyOf,
);
