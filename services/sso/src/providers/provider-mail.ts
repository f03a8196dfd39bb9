import { letter, type Mail } from '@rivergate/mail';

export interface ProviderFacts {
  provider: string;
  organization: string;
  appUrl: string;
}

/** The section of docs/sso.md. */
const GUIDE = 'The guide is docs/sso.md of Rivergate, "New certificates".';

/** What administrators are told of certificates and metadata of an identity provider. */
export function providerMail(to: string, heading: string, paragraphs: readonly string[]): Mail {
  const footer = 'You receive this because you administer the organization.';
  const { text, html } = letter({ heading, paragraphs: [...paragraphs, GUIDE], footer });
  return { to, subject: heading, text, html };
}
