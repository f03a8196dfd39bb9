import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { changeStatus } from '../members/change-status.ts';
import { LastAdministrator, UserNotFound } from '../members/errors.ts';
import { MemberStatus } from '../members/member.ts';
import { memberOf } from '../members/member-store.ts';
import { CannotSuspendSelf } from './errors.ts';
import { type UserRow, userColumns } from './user.ts';
import { userToChange } from './user-to-change.ts';

/** Why somebody is suspended or restored. */
export const Reason = z
  .string()
  .trim()
  .max(500)
  .meta({ description: 'Kept in the audit log, not shown to the user', examples: ['Left the company'] });

export const updateUserStatus = endpoint(
  {
    operation: 'updateUserStatus',
    method: 'put',
    path: '/users/:user_id/status',
    summary: 'Suspend or reactivate a user',
    description:
      'Suspension ends the sessions in the organization and refuses tokens that act in it; while it lasts, the organization ' +
      'does not exist for the user. Reactivation lets the user sign in again; tokens that were not revoked work again.',
    caller: 'perm:user.write',
    activeOrganization: true,
    clients: true,
    params: z.object({ user_id: Id }),
    body: z.object({ status: MemberStatus, reason: Reason.optional() }),
    answer: z.object({
      user: z.object({ id: Id, status: MemberStatus, status_updated_at: Timestamp.nullable() }),
    }),
    message: 'User status updated successfully',
    messageInData: true,
    errors: [UserNotFound, CannotSuspendSelf, LastAdministrator],
  },
  async ({ params: { user_id: userId }, body, caller, db, emit }) => {
    const { membership } = await userToChange(db, caller, userId, 'user.write');
    if (body.status === 'suspended' && userId === caller.userId) throw CannotSuspendSelf();
    await changeStatus({ db, emit }, caller.organizationId, membership, body);
    const user = await memberOf<UserRow>(db, caller.organizationId, userId, userColumns(db));
    return { user: { id: userId, status: user.status, status_updated_at: user.status_updated_at } };
  },
);
