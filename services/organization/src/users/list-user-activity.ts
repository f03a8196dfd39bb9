import { Id, newestFirst, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { auditEntries } from '../audit/audit-log-store.ts';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { membershipOf } from '../members/member-store.ts';
import { duplicatesOf } from '../merge/merged-user-store.ts';

const Activity = z
  .object({
    id: Id,
    action: z.string().meta({ examples: ['role.assigned'] }),
    subject: z.string().meta({ description: 'Id of what it was done to', examples: ['12'] }),
    impersonator_user_id: Id.nullable().meta({ description: 'Who did it in the name of the user' }),
    created_at: Timestamp,
  })
  .meta({ id: 'UserActivity' });

const activities = newestFirst('user_activity');

export const listUserActivity = endpoint(
  {
    operation: 'listUserActivity',
    method: 'get',
    path: '/users/:user_id/activity',
    summary: 'What a user did in the organization, from its audit log',
    description:
      'Newest first, with what was done by duplicates that were merged into the user. ' +
      'From where, and with what particulars, the audit log tells administrators.',
    caller: 'perm:user.read',
    activeOrganization: true,
    clients: true,
    params: z.object({ user_id: Id }),
    query: z.object({
      limit: z.int().min(1).max(100).default(100),
      ...activities.query,
      action: z
        .string()
        .min(1)
        .max(100)
        .optional()
        .meta({ description: 'An action, or a prefix that ends in a dot: role.' }),
      since: Timestamp.optional().meta({ description: 'From this moment on' }),
      until: Timestamp.optional().meta({ description: 'Before this moment' }),
    }),
    answer: z.object({ activities: z.array(Activity), ...activities.answer }),
    message: 'Activity retrieved successfully',
    errors: [UserNotFound],
  },
  async ({ params, query: { cursor, limit, ...filter }, caller: { organizationId }, db }) => {
    await membershipOf(db, organizationId, params.user_id);
    const duplicates = await duplicatesOf(db, organizationId, params.user_id);
    const found = auditEntries(db, organizationId, filter).where(either => {
      either.where({ actor_user_id: params.user_id });
      for (const { merged_user_id, merged_at } of duplicates)
        either.orWhere(before =>
          before.where({ actor_user_id: merged_user_id }).where('created_at', '<=', merged_at),
        );
    });
    const { rows, next_cursor } = await activities.page<z.output<typeof Activity>>(
      found.select('id', 'action', 'subject', 'impersonator_user_id', 'created_at'),
      { cursor, from: 0, limit },
    );
    return { activities: rows, next_cursor };
  },
);
