import { letter, type Mail } from '@rivergate/mail';
import type { z } from 'zod';
import type { Impersonation } from './impersonation.ts';

interface Told {
  impersonation: z.input<typeof Impersonation>;
  app: string;
}

/** Asks a member for consent. The button leads to the account page, and does nothing by itself. */
export function requestedMail({ impersonation, app }: Told): Mail {
  const { user, administrator, organization, reason, minutes } = impersonation;
  const heading = 'An administrator asks to act in your name';
  const { text, html } = letter({
    heading,
    paragraphs: [
      `Hello ${user.display_name},`,
      `${nameOf(administrator)} asks to act in your name in ${organization.name} for ${minutes} minutes, and says why:`,
      reason,
      'If you agree, they see and do there what you may. Everything is recorded as done by them, they reach neither your sign-in nor your other organizations, and you can end it at any time.',
    ],
    action: { label: 'Look at it in your account', url: `${app}/account` },
    footer: 'Nothing happens unless you approve it within 24 hours. You need not agree.',
  });
  return { to: user.email, subject: heading, text, html };
}

/** Tells a member that it has begun. */
export function startedMail({ impersonation, app }: Told): Mail {
  const { user, administrator, organization, ends_at: until } = impersonation;
  const heading = 'An administrator acts in your name';
  const { text, html } = letter({
    heading,
    paragraphs: [
      `Hello ${user.display_name},`,
      `${nameOf(administrator)} has begun to act in your name in ${organization.name}, as you approved. It ends by itself at ${new Date(until!).toUTCString()} at the latest.`,
    ],
    action: { label: 'End it in your account', url: `${app}/account` },
    footer: 'If you did not approve it, end it, change your password and tell another administrator.',
  });
  return { to: user.email, subject: heading, text, html };
}

const nameOf = ({ display_name, email }: Told['impersonation']['administrator']) =>
  `${display_name} (${email})`;
