import { letter, type Mail } from '@rivergate/mail';
import type { NoticeKind } from './notice-kind.ts';
import type { PlanSettings } from './plan-store.ts';

const day = (moment: Date) => `${moment.toISOString().slice(0, 10)} (UTC)`;
const by = (deadline: Date | null) => (deadline === null ? '' : ` by ${day(deadline)}`);

const MFA = {
  heading: 'Set up a second factor',
  asked: ({ mfa_deadline }: PlanSettings) =>
    `Your organization asks you to set up a second factor for your account${by(mfa_deadline)}.`,
};
const SSO = {
  heading: 'Sign in through your organization',
  asked: ({ sso_deadline }: PlanSettings) =>
    `Your organization asks you to sign in through its identity provider${by(sso_deadline)}. Give your address on the ` +
    'sign-in page, and it leads you there.',
};
const WARNING = {
  heading: 'Your organization will let you in by other means only',
  asked: ({ mfa_deadline, sso_deadline }: PlanSettings) =>
    [
      'You do not meet yet what your organization is going to ask for.',
      ...(mfa_deadline === null ? [] : [`Set up a second factor by ${day(mfa_deadline)}.`]),
      ...(sso_deadline === null ? [] : [`Sign in through its identity provider by ${day(sso_deadline)}.`]),
      ...(mfa_deadline === null && sso_deadline === null
        ? ['Set up a second factor, and sign in through its identity provider.']
        : []),
    ].join(' '),
};
const WORDS: Record<NoticeKind, typeof MFA> = {
  mfa_setup: MFA,
  send_mfa_reminders: MFA,
  sso_migration: SSO,
  send_sso_reminders: SSO,
  enforcement_warning: WARNING,
};

/** Tells a member what is asked of them, and by when. */
export function noticeMail(
  kind: NoticeKind,
  { email, display_name }: { email: string; display_name: string },
  plan: PlanSettings,
  appUrl: string,
): Mail {
  const { heading, asked } = WORDS[kind];
  const { text, html } = letter({
    heading,
    paragraphs: [`Hello ${display_name},`, asked(plan)],
    action: { label: 'Sign in', url: `${appUrl}/sign-in` },
    footer: 'An administrator of your organization has this sent.',
  });
  return { to: email, subject: heading, text, html };
}
