import { letter, type Mail } from '@rivergate/mail';

/** Code and link by which a mailbox is proved. */
export function verificationMail(mail: {
  to: string;
  displayName: string;
  code: string;
  link: string;
  linkMinutes: number;
}): Mail {
  const lives =
    mail.linkMinutes === 10
      ? 'Both work for 10 minutes.'
      : `The code works for 10 minutes, the link for ${mail.linkMinutes}.`;
  const { text, html } = letter({
    heading: 'Confirm your email address',
    paragraphs: [
      `Hello ${mail.displayName},`,
      `enter this code where you registered, or open the link below in the same browser. ${lives}`,
    ],
    code: mail.code,
    action: { label: 'Confirm my address', url: mail.link },
    footer:
      'If you did not ask for an account, ignore this mail, and tell the code to nobody: nothing happens without it.',
  });
  return { to: mail.to, subject: `${mail.code} is your confirmation code`, text, html };
}
