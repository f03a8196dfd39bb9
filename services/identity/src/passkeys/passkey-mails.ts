import { letter, type Mail } from '@rivergate/mail';

type Notice = { to: string; displayName: string; deviceName: string };

/** The notice after a passkey was registered. */
export function passkeyRegisteredMail({ to, displayName, deviceName }: Notice): Mail {
  const { text, html } = letter({
    heading: 'A passkey was added to your account',
    paragraphs: [
      `Hello ${displayName},`,
      `a passkey named "${deviceName}" was added to your account just now. Whoever has it can sign in without your password.`,
    ],
    footer:
      'If it was not you, delete the passkey, change your password and tell your administrator. A new password alone does not remove it.',
  });
  return { to, subject: 'A passkey was added to your account', text, html };
}

/** The notice after a passkey was deleted. */
export function passkeyDeletedMail({ to, displayName, deviceName }: Notice): Mail {
  const { text, html } = letter({
    heading: 'A passkey was removed from your account',
    paragraphs: [
      `Hello ${displayName},`,
      `the passkey named "${deviceName}" was removed from your account just now. Nobody can sign in with it any more.`,
    ],
    footer: 'If it was not you, change your password and tell your administrator.',
  });
  return { to, subject: 'A passkey was removed from your account', text, html };
}
