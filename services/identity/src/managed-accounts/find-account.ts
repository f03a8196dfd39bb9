import { findAccount as spec, UserNotFound } from '@rivergate/contracts';
import { accountById, ownerOf } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';

export const findAccount = endpoint(spec, async ({ body, db }) => {
  const userId = body.user_id ?? (await ownerOf(db, body.email!))?.id;
  const account = userId === undefined ? undefined : await accountById(db, userId);
  if (!account) throw UserNotFound();
  const { id: user_id, email, display_name, verified_at, managed_by } = account;
  return { user_id, email, display_name, verified: verified_at !== null, managed_by };
});
