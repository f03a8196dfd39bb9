import { letter, type Mail } from '@rivergate/mail';

export interface DeletionFacts {
  name: string;
  /** Who deleted it; undefined for an account that this service has not heard of. */
  by: { display_name: string; email: string } | undefined;
  deletedAt: Date;
  eraseAt: Date;
  appUrl: string;
}

/** What every administrator is told of the deletion: who did it, and how it is undone. */
export function deletionMail(to: string, { name, by, deletedAt, eraseAt, appUrl }: DeletionFacts): Mail {
  const who = by ? `${by.display_name} (${by.email})` : 'An administrator of the platform';
  const { text, html } = letter({
    heading: 'An organization was deleted',
    paragraphs: [
      `${who} deleted the organization ${name} at ${appUrl}, on ${deletedAt.toUTCString()}.`,
      'Nothing of it can be reached any more: members are signed out of it, its tokens and applications are refused, and its pending invitations are revoked.',
      `Until ${eraseAt.toUTCString()} you can restore it: sign in again and choose it among your deleted organizations. After that, all that it holds is erased for good.`,
    ],
    footer: 'You receive this because you administer the organization.',
  });
  return { to, subject: 'An organization that you administer was deleted', text, html };
}
