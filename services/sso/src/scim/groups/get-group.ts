import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { baseOf, Resource, resourceReply, SCIM } from '../answer.ts';
import { ScimGroupNotFound, ScimOff } from '../errors.ts';
import { PathId } from '../request.ts';
import { enabledSettings } from '../settings/settings.ts';
import { groupOf } from '../store/group-store.ts';
import { Shown } from '../store/listing.ts';
import { groupAnswer } from './group-answer.ts';

export const getGroup = endpoint(
  {
    ...SCIM,
    operation: 'getScimGroup',
    method: 'get',
    path: '/scim/v2/Groups/:group_id',
    summary: 'Get a group',
    params: z.object({ group_id: PathId }),
    query: z.object(Shown),
    answer: Resource,
    errors: [ScimGroupNotFound, ScimOff],
  },
  async ({ params, query, caller: { organizationId }, db, publicUrl }) => {
    await enabledSettings(db, organizationId);
    const row = await groupOf(db, organizationId, params.group_id);
    const { document, version, location } = await groupAnswer(db, row, query, baseOf(publicUrl));
    return resourceReply(document!, { version: version!, location: location! });
  },
);
