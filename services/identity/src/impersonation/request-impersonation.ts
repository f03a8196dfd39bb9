import { organizationName, UserNotFound } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { impersonationRequested } from '@rivergate/events';
import { z } from 'zod';
import { accountById, lockAccount } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { Impersonation, ImpersonationOpen, ImpersonationRefused, Minutes, Reason } from './impersonation.ts';
import { requestedMail } from './impersonation-mails.ts';
import { hasOpen, insertImpersonation, isPlatformAdministrator, shownById } from './impersonation-store.ts';
import { requireAllowed } from './rights.ts';

export const requestImpersonation = endpoint(
  {
    operation: 'requestImpersonation',
    method: 'post',
    path: '/organizations/:org_id/impersonations',
    summary: 'Ask a member for consent to act in their name',
    description:
      'The member is told by mail, and approves or denies within 24 hours. Takes every right that the member has in the ' +
      'organization: nobody gains any by it.',
    caller: 'perm:user.impersonate',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    body: z.object({ user_id: Id, reason: Reason, minutes: Minutes }),
    answer: z.object({ impersonation: Impersonation }),
    status: 201,
    message: 'The member has been asked',
    errors: [UserNotFound, ImpersonationRefused, ImpersonationOpen],
  },
  {
    check({ body, caller }) {
      if (body.user_id === caller.userId) throw ImpersonationRefused('Nobody acts in their own name by this');
    },
    async prepare({ params: { org_id: organization_id }, body: { user_id }, caller, call }) {
      await requireAllowed(call, { organization_id, administrator_id: caller.userId, user_id });
      return await call(organizationName, { params: { organization_id } });
    },
    async handle({
      params: { org_id: organization_id },
      body,
      caller,
      prepared,
      db,
      emit,
      mail,
      settings,
      limit,
    }) {
      const { user_id, reason, minutes } = body;
      const pair = { organization_id, administrator_id: caller.userId, user_id };
      if (!(await lockAccount(db, user_id))) throw UserNotFound();
      const account = await accountById(db, user_id);
      if (!account || account.disabled_at) throw UserNotFound();
      if (await isPlatformAdministrator(db, user_id)) throw ImpersonationRefused();
      if (await hasOpen(db, pair)) throw ImpersonationOpen();
      await limit('impersonation_daily', `${organization_id}:${user_id}`);
      const { name } = prepared;
      const id = await insertImpersonation(db, { ...pair, organization_name: name, reason, minutes });
      await emit(impersonationRequested, {
        aggregateId: id,
        organizationId: organization_id,
        data: { impersonation_id: id, user_id, administrator_id: caller.userId, reason, minutes },
      });
      const impersonation = await shownById(db, id);
      await mail.send(db, requestedMail({ impersonation, app: settings.appUrl }));
      return { impersonation };
    },
  },
);
