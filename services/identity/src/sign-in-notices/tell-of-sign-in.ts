import { consumer, on, sessionOpened } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import { accountById } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { networkOf } from '../login/check-credentials.ts';
import { type Place, placesUntil } from '../sessions/session-store.ts';
import { noteNotice } from './notice-store.ts';
import { signInMail } from './sign-in-mail.ts';

/**
 * Tells the owner of an account of a sign-in from a network or a device that it was not used from of late, with a link
 * that ends it. The first sign-in of an account is never told: there is nothing to compare it with.
 */
export function tellOfSignIn({ mail, settings }: Pick<IdentityTools, 'mail' | 'settings'>) {
  return consumer({
    name: 'tell-of-sign-in',
    on: [
      on(sessionOpened, async ({ data: { session_id: sessionId, user_id: userId } }, { db }) => {
        const places = await placesUntil(db, userId, sessionId);
        if (!places) return;
        const { session, earlier } = places;
        if (earlier.length === 0 || !isUnusual(session, earlier)) return;
        const account = await accountById(db, userId);
        if (!account?.verified_at || account.disabled_at) return;
        const token = oneTimeToken();
        const notice = { token_hash: tokenHash(token), session_id: sessionId, user_id: userId };
        if (!(await noteNotice(db, notice))) return;
        const link = `${settings.appUrl}/not-me?token=${token}`;
        const { email: to, display_name: displayName } = account;
        await mail.send(db, signInMail({ to, displayName, app: settings.appUrl, session, link }));
      }),
    ],
  });
}

function isUnusual(session: Place, earlier: readonly Place[]): boolean {
  const network = networkOf(session.ip_address);
  const device = deviceOf(session.user_agent);
  return (
    !earlier.some(({ ip_address }) => networkOf(ip_address) === network) ||
    !earlier.some(({ user_agent }) => deviceOf(user_agent) === device)
  );
}

/** Versions change with every update; what is left tells program and system apart. */
const deviceOf = (userAgent: string | null) => (userAgent ?? '').replace(/\d[\d._]*/g, '');
