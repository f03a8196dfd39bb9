import { letter, type Mail } from '@rivergate/mail';
import type { TransferRow } from './transfer.ts';

/** What the member is told to whom an organization is offered. */
export function offerMail(
  to: string,
  { transfer, name, appUrl }: { transfer: TransferRow; name: string; appUrl: string },
): Mail {
  const { from, expires_at } = transfer;
  const { text, html } = letter({
    heading: 'You are offered an organization',
    paragraphs: [
      `${from.display_name ?? 'An administrator'} (${from.email}) wants to hand the organization ${name} at ${appUrl} over to you.`,
      'If you accept, you administer it: its members, roles, settings and all that it holds. Nothing changes if you do not.',
      `Sign in to accept or decline until ${expires_at.toUTCString()}.`,
    ],
    footer: 'You receive this because you are a member of the organization.',
  });
  return { to, subject: 'You are offered an organization', text, html };
}
