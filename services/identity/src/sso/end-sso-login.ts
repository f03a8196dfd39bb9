import { endSessions } from '../sessions/end-sessions.ts';
import { dropSsoLogins } from './sso-login-store.ts';

/** Ends the session that a sign-in opened, and the code that one would be opened by. */
export async function endSsoLogin(
  tools: Parameters<typeof endSessions>[0],
  login: { organization_id: number; user_id: number; login_id: string },
): Promise<void> {
  const { organization_id, user_id, login_id } = login;
  await dropSsoLogins(tools.db, { organization_id, user_id, login_id });
  const sso = { organizationId: organization_id, userId: user_id, loginId: login_id };
  await endSessions(tools, { sso }, 'sso_login_ended', organization_id);
}
