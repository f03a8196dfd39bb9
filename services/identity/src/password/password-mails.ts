import { letter, type Mail } from '@rivergate/mail';

/** The link to set a new password. */
export function resetMail(mail: { to: string; displayName: string; link: string }): Mail {
  const { text, html } = letter({
    heading: 'Set a new password',
    paragraphs: [
      `Hello ${mail.displayName},`,
      'somebody, hopefully you, asked to set a new password for your account. The link works once, within an hour.',
    ],
    action: { label: 'Set a new password', url: mail.link },
    footer: 'If it was not you, ignore this mail; your password stays as it is.',
  });
  return { to: mail.to, subject: 'Set a new password', text, html };
}

/** The notice after a password was changed or reset. */
export function passwordChangedMail(mail: { to: string; displayName: string }): Mail {
  const { text, html } = letter({
    heading: 'Your password was changed',
    paragraphs: [
      `Hello ${mail.displayName},`,
      'the password of your account was changed just now, and every device was signed out. Sign in again with the new one.',
    ],
    footer:
      'If it was not you, set a new password at once through "Forgot password" and tell your administrator.',
  });
  return { to: mail.to, subject: 'Your password was changed', text, html };
}
