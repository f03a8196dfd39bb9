import { letter, type Mail } from '@rivergate/mail';

/** The last mail that the person gets: to whom an account is lost by somebody else's hand has no other way to know. */
export function erasureMail(to: string, { receipt, appUrl }: { receipt: string; appUrl: string }): Mail {
  const { text, html } = letter({
    heading: 'Your account is being erased',
    paragraphs: [
      `The account of this address at ${appUrl} was erased at the request of who was signed in to it. It cannot be restored.`,
      'All that is kept on you is removed. Audit logs of organizations keep what was done, with a number in place of who you are.',
      `With this receipt you can see how far it is: ${receipt}`,
    ],
    footer: 'You receive this because the account had this address. It is the last mail to it.',
  });
  return { to, subject: 'Your account is being erased', text, html };
}
