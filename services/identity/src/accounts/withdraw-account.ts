import { AccountVerified, withdrawAccount as spec, UserNotFound } from '@rivergate/contracts';
import { userRemoved } from '@rivergate/events';
import { endpoint } from '../endpoint.ts';
import { accountById, deleteUnverifiedAccount } from './account-store.ts';

/** Asked by organization when what the account was made for failed. */
export const withdrawAccount = endpoint(spec, async ({ params, db, emit }) => {
  const account = await accountById(db, params.user_id);
  if (!account) throw UserNotFound();
  if (!(await deleteUnverifiedAccount(db, account.id))) throw AccountVerified();
  await emit(userRemoved, {
    aggregateId: account.id,
    organizationId: null,
    data: { user_id: account.id, reason: 'withdrawn' },
  });
});
