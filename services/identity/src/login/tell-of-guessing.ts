import { consumer, loginFailed, on } from '@rivergate/events';
import { letter, type Mail } from '@rivergate/mail';
import { accountById, noteGuessingTold } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';

/**
 * Tells the owner of an account that logins were refused because there were too many, at most once a day. After the
 * answer, so that nobody learns by its timing whether the address is registered.
 */
export function tellOfGuessing({ mail, settings }: Pick<IdentityTools, 'mail' | 'settings'>) {
  return consumer({
    name: 'tell-of-guessing',
    on: [
      on(loginFailed, async ({ data: { user_id: userId, reason } }, { db }) => {
        if (reason !== 'rate_limited' || userId === null) return;
        const account = await accountById(db, userId);
        if (!account?.verified_at || account.disabled_at) return;
        if (!(await noteGuessingTold(db, userId))) return;
        await mail.send(db, guessingMail(account, settings.appUrl));
      }),
    ],
  });
}

function guessingMail({ email, display_name }: { email: string; display_name: string }, app: string): Mail {
  const { text, html } = letter({
    heading: 'Somebody tries to sign in to your account',
    paragraphs: [
      `Hello ${display_name},`,
      `there were so many failed sign-ins to your account at ${app} that further ones are refused for some time. Your password has not changed.`,
      'Where you have signed in before, your password works as always. To sign in from elsewhere now, set a new password through "Forgot password".',
    ],
    footer:
      'You get this mail once a day at most. If you use this password in other places too, choose another one.',
  });
  return { to: email, subject: 'Somebody tries to sign in to your account', text, html };
}
