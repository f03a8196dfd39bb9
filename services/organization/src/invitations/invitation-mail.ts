import { letter, type Mail } from '@rivergate/mail';

export interface InvitationFacts {
  email: string;
  organizationName: string;
  workspaceName: string;
  roleName: string;
  inviterName: string;
  message: string | null;
  token: string;
  expiresAt: Date;
  appUrl: string;
}

/** The mail that carries an invitation's token. Names and message are other people's words: shown, never obeyed. */
export function invitationMail(facts: InvitationFacts): Mail {
  const organization = oneLine(facts.organizationName);
  const inviter = oneLine(facts.inviterName);
  const link = `${facts.appUrl}/invitations/${facts.token}`;
  const until = facts.expiresAt.toISOString().slice(0, 16).replace('T', ' ');
  const { text, html } = letter({
    heading: `Join ${organization}`,
    paragraphs: [
      `${inviter} invites you to the workspace ${oneLine(facts.workspaceName)} of ${organization}, as ${oneLine(facts.roleName)}.`,
      ...(facts.message ? [`${inviter} writes:\n${facts.message}`] : []),
      `Sign in with ${facts.email}, or sign up with it first, and accept. The invitation holds until ${until} UTC.`,
    ],
    action: { label: 'See the invitation', url: link },
    footer: 'If you do not know the sender, leave this mail alone: nothing happens unless you accept.',
  });
  return { to: facts.email, subject: `${inviter} invites you to ${organization}`, text, html };
}

/** A line break in a subject would start a header; a long name would hide what follows. */
function oneLine(text: string): string {
  return [...text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()].slice(0, 100).join('');
}
