import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { baseOf, Resource, resourceReply, SCIM } from '../answer.ts';
import { ScimOff, ScimUserNotFound } from '../errors.ts';
import { PathId } from '../request.ts';
import { enabledSettings } from '../settings/settings.ts';
import { Shown } from '../store/listing.ts';
import { userOf } from '../store/user-store.ts';
import { userAnswer } from './user-answer.ts';

export const getUser = endpoint(
  {
    ...SCIM,
    operation: 'getScimUser',
    method: 'get',
    path: '/scim/v2/Users/:user_id',
    summary: 'Get a user',
    params: z.object({ user_id: PathId }),
    query: z.object(Shown),
    answer: Resource,
    errors: [ScimUserNotFound, ScimOff],
  },
  async ({ params, query, caller: { organizationId }, db, publicUrl }) => {
    await enabledSettings(db, organizationId);
    const row = await userOf(db, organizationId, params.user_id);
    const { document, version, location } = await userAnswer(db, row, query, baseOf(publicUrl));
    return resourceReply(document!, { version: version!, location: location! });
  },
);
