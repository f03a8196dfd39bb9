import { letter, type Mail } from '@rivergate/mail';
import type { Account } from '../accounts/account-store.ts';

type Recipient = Pick<Account, 'email' | 'display_name'>;

/** A code, to set codes by mail up or to log in. */
export function codeMail({ email, display_name }: Recipient, code: string, purpose: string): Mail {
  const { text, html } = letter({
    heading: 'Your code',
    paragraphs: [`Hello ${display_name},`, `enter this code to ${purpose}. It works for 10 minutes.`],
    code,
    footer: 'If it was not you, change your password: somebody knows it. Tell the code to nobody.',
  });
  return { to: email, subject: `${code} is your code`, text, html };
}

/** That something about the second factors of an account has changed. */
export function changeNotice({ email, display_name }: Recipient, change: string): Mail {
  const { text, html } = letter({
    heading: 'Your second factors were changed',
    paragraphs: [`Hello ${display_name},`, `${change}.`],
    footer: 'If it was not you, set a new password at once and tell your administrator.',
  });
  return { to: email, subject: 'Your second factors were changed', text, html };
}

/** That somebody who knows the password guesses at the second factor. */
export function guessingNotice({ email, display_name }: Recipient): Mail {
  const { text, html } = letter({
    heading: 'Somebody knows your password',
    paragraphs: [
      `Hello ${display_name},`,
      'somebody signed in with your password and then gave so many wrong codes that further ones are refused for up to an hour. Nobody got in.',
    ],
    footer: 'If it was not you, set a new password at once through "Forgot password".',
  });
  return { to: email, subject: 'Somebody knows your password', text, html };
}
