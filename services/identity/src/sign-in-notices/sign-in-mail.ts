import { letter, type Mail } from '@rivergate/mail';
import type { Place } from '../sessions/session-store.ts';
import { deviceName } from '../trusted-devices/device-name.ts';

/** The notice of a sign-in from a network or device that is new to the account. */
export function signInMail(mail: {
  to: string;
  displayName: string;
  app: string;
  session: Place;
  link: string;
}): Mail {
  const { created_at: when, ip_address: address, user_agent: program } = mail.session;
  const { text, html } = letter({
    heading: 'New sign-in to your account',
    paragraphs: [
      `Hello ${mail.displayName},`,
      `somebody, hopefully you, signed in to your account at ${mail.app} from a network or device that was not used before:`,
      `${when.toUTCString()}, from ${address ?? 'an unknown address'}, with ${deviceName(program)}.`,
      'If it was you, there is nothing to do. If it was not, the button leads to a page that ends this sign-in and undoes what was made in it, a change of your address included; then set a new password.',
    ],
    action: { label: 'This was not me', url: mail.link },
    footer: 'The button works for seven days, and does nothing before you confirm it there.',
  });
  return { to: mail.to, subject: 'New sign-in to your account', text, html };
}
