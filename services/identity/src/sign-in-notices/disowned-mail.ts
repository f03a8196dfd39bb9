import { letter, type Mail } from '@rivergate/mail';
import type { Undone } from './end-what-was-made.ts';

const WORDS: Record<Undone, string> = {
  address: 'your email address is the one before again',
  password: 'the password that was set is gone',
  authenticator: 'the authenticator that was added is gone',
  mail_codes: 'codes by mail, which were turned on, are off',
  backup_codes: 'the backup codes that were made are worthless',
  passkey: 'the passkey that was added is gone',
  trusted_device: 'the device that was trusted is not trusted any more',
  social_account: 'the account elsewhere that was connected is not connected any more',
  token: 'the access tokens that were made are worthless',
  application: 'the applications that were let in are out',
  made_application: 'applications that were registered for an organization are revoked',
  registration_token: 'tokens by which applications register themselves are worthless',
};

/** What the end of a sign-in that its owner disowned has undone, and what it cannot. */
export function disownedMail(mail: {
  to: string;
  displayName: string;
  app: string;
  undone: readonly Undone[];
}): Mail {
  const undone = mail.undone.map(one => WORDS[one]).join('; ');
  const { text, html } = letter({
    heading: 'The sign-in was ended',
    paragraphs: [
      `Hello ${mail.displayName},`,
      `you told ${mail.app} that a sign-in to your account was not yours. It is ended, with every sign-in that came by what it made.`,
      mail.undone.length > 0 ? `Undone: ${undone}.` : 'It had made nothing that would have stayed.',
      'What it removed cannot be brought back. Once you have a new password, look at your account for passkeys, authenticators and backup codes that are missing, and make new ones. If you administer an organization, look in its audit log at what was done there.',
    ],
    footer: 'A mail with a link to set a new password comes to the address that your account signs in with.',
  });
  return { to: mail.to, subject: 'The sign-in to your account was ended', text, html };
}
