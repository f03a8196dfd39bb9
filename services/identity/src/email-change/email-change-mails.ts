import { letter, type Mail } from '@rivergate/mail';

/** The code by which the new mailbox is proved. */
export function changeCodeMail(mail: { to: string; displayName: string; code: string }): Mail {
  const { text, html } = letter({
    heading: 'Confirm your new email address',
    paragraphs: [
      `Hello ${mail.displayName},`,
      'enter this code where you asked for the change. It works for 10 minutes.',
    ],
    code: mail.code,
    footer:
      'If you did not ask for it, ignore this mail, and tell the code to nobody: nothing happens without it.',
  });
  return { to: mail.to, subject: `${mail.code} confirms your new address`, text, html };
}

/** The notice to the address that was the primary one until now. */
export function addressChangedMail(mail: { to: string; displayName: string; newEmail: string }): Mail {
  const { text, html } = letter({
    heading: 'Your email address was changed',
    paragraphs: [
      `Hello ${mail.displayName},`,
      `your account now signs in with ${mail.newEmail}, and mails about it go there.`,
    ],
    footer: 'If it was not you, tell your administrator at once: this address does not sign in any more.',
  });
  return { to: mail.to, subject: 'Your email address was changed', text, html };
}
