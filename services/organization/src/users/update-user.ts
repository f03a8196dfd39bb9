import { displayText, Id, Timestamp } from '@rivergate/endpoint';
import { changesOf, memberProfileChanged } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { memberOf } from '../members/member-store.ts';
import { type UserRow, userColumns } from './user.ts';
import { userToChange } from './user-to-change.ts';

const PictureUrl = z
  .url({ protocol: /^https$/ })
  .max(2048)
  .meta({ description: 'Stored, not fetched', examples: ['https://example.com/avatar.jpg'] });

export const updateUser = endpoint(
  {
    operation: 'updateUser',
    method: 'put',
    path: '/users/:user_id',
    summary: 'Update the profile of a user',
    description:
      "What is shown in this organization. The user's own profile and other organizations are not touched; fields that " +
      'are left out keep their value.',
    caller: 'perm:user.write',
    activeOrganization: true,
    clients: true,
    params: z.object({ user_id: Id }),
    body: z.object({
      display_name: displayText(100).optional(),
      profile_image_url: z.union([PictureUrl, z.null()]).optional().meta({ description: 'null: none' }),
    }),
    answer: z.object({
      user: z.object({
        id: Id,
        display_name: z.string().nullable(),
        profile_image_url: z.string().nullable(),
        updated_at: Timestamp,
      }),
    }),
    message: 'User updated successfully',
    messageInData: true,
    errors: [UserNotFound],
  },
  async ({ params: { user_id: userId }, body, caller, db, emit }) => {
    await userToChange(db, caller, userId, 'user.write');
    const { organizationId } = caller;
    const fields = Object.keys(body);
    const user = () => memberOf<UserRow>(db, organizationId, userId, userColumns(db));
    const before = await user();
    if (fields.length > 0) {
      const picture = body.profile_image_url === null ? '' : body.profile_image_url;
      await db('memberships')
        .where({ organization_id: organizationId, user_id: userId })
        .update({
          ...body,
          ...(picture === undefined ? {} : { profile_image_url: picture }),
          updated_at: db.fn.now(),
        });
    }
    const { display_name, profile_image_url, updated_at } = await user();
    const shown = { display_name, profile_image_url };
    const changes = changesOf(before, shown);
    const data = { organization_id: organizationId, user_id: userId, fields, ...shown, changes };
    if (fields.length > 0) await emit(memberProfileChanged, { aggregateId: userId, organizationId, data });
    return { user: { id: userId, ...shown, updated_at } };
  },
);
