import { createSsoLogin as spec, UserNotFound } from '@rivergate/contracts';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { CODE_SECONDS, keepSsoLogin } from './sso-login-store.ts';

/** Asked by sso, which knows that the user is who the provider means. */
export const createSsoLogin = endpoint(spec, async ({ body: { expires_at, ...login }, db }) => {
  const account = await accountById(db, login.user_id);
  if (!account?.verified_at) throw UserNotFound();
  const code = oneTimeToken();
  const session_ends_at = expires_at === null ? null : new Date(expires_at);
  await keepSsoLogin(db, tokenHash(code), { ...login, session_ends_at });
  return { code, expires_in: CODE_SECONDS };
});
