import { letter, type Mail } from '@rivergate/mail';

interface Facts {
  organization: string;
  appUrl: string;
}

/** What every administrator is told when somebody asks to join. */
export function requestMail(
  to: string,
  { organization, appUrl, person }: Facts & { person: { email: string; display_name: string } },
): Mail {
  const heading = `${person.display_name} asks to join ${organization}`;
  const { text, html } = letter({
    heading,
    paragraphs: [
      `${person.display_name} (${person.email}) has a verified address in a domain of ${organization} and asks to become a member.`,
      `Let them in or refuse at ${appUrl}, where all requests are listed. Of those that follow within the hour there is no mail.`,
    ],
    footer: 'You receive this because you administer the organization.',
  });
  return { to, subject: heading, text, html };
}

/** What somebody is told whom an administrator has let in. */
export function admittedMail(to: string, { organization, appUrl }: Facts): Mail {
  const heading = `You are a member of ${organization} now`;
  const { text, html } = letter({
    heading,
    paragraphs: [`An administrator of ${organization} has let you in. You find it at ${appUrl}.`],
    footer: 'You receive this because you asked to join the organization.',
  });
  return { to, subject: heading, text, html };
}
