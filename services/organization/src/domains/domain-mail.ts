import { letter, type Mail } from '@rivergate/mail';
import { recordOf } from './challenge.ts';
import type { DomainRow } from './domain-store.ts';

export interface DomainFacts {
  row: DomainRow;
  organizationName: string;
  /** Until when the domain stays verified; null: it is so no more. */
  until: Date | null;
  appUrl: string;
}

/** What every administrator is told when the record of a verified domain is gone, and when the domain is lost by that. */
export function domainMail(to: string, { row, organizationName, until, appUrl }: DomainFacts): Mail {
  const { name, value } = recordOf(row);
  const heading = until
    ? `The record of ${row.domain} is missing in DNS`
    : `${row.domain} is not verified any more`;
  const consequence = 'nobody joins by it any more, and another organization can verify it';
  const { text, html } = letter({
    heading,
    paragraphs: [
      `By this record ${organizationName} at ${appUrl} had proved that it controls ${row.domain}. It has not been there since ${row.missing_since?.toUTCString()}.`,
      until
        ? `Set it again: type TXT, name ${name}, value ${value}. If it is still missing on ${until.toUTCString()}, the domain is no longer verified: ${consequence}.`
        : `From now on ${consequence}. Members stay. To have the domain again, set the record (type TXT, name ${name}, value ${value}) and verify it anew.`,
    ],
    footer: 'You receive this because you administer the organization.',
  });
  return { to, subject: heading, text, html };
}
