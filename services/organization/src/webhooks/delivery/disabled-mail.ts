import { letter, type Mail } from '@rivergate/mail';

export interface DisabledFacts {
  organization: string;
  /** Scheme, host and port: the rest of the URL may be a secret. */
  origin: string;
  description: string | null;
  reason: 'failing' | 'gone';
  failingSince: Date | null;
  appUrl: string;
}

/** What every administrator is told of a webhook that was disabled by itself. */
export function disabledMail(to: string, facts: DisabledFacts): Mail {
  const { organization, origin, description, reason, failingSince, appUrl } = facts;
  const which = description === null ? origin : `${origin} (${description})`;
  const why =
    reason === 'gone'
      ? 'It answered that it is gone (410).'
      : `Every request to it has failed${failingSince ? ` since ${failingSince.toUTCString()}` : ''}.`;
  const { text, html } = letter({
    heading: 'A webhook was disabled',
    paragraphs: [
      `The webhook of the organization ${organization} at ${which} gets no more events. ${why}`,
      `When it works again, enable it at ${appUrl} and replay what it has missed; events are kept for 30 days.`,
    ],
    footer: 'You receive this because you administer the organization.',
  });
  return { to, subject: 'A webhook of your organization was disabled', text, html };
}
