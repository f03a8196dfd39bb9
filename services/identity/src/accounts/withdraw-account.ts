import { AccountVerified, withdrawAccount as spec, UserNotFound } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { accountById } from './account-store.ts';
import { removeUnverified } from './remove-unverified.ts';

/** Asked by organization when what the account was made for failed. */
export const withdrawAccount = endpoint(spec, async ({ params, db, emit }) => {
  const account = await accountById(db, params.user_id);
  if (!account) throw UserNotFound();
  if (!(await removeUnverified({ db, emit }, account.id, 'withdrawn'))) throw AccountVerified();
});
