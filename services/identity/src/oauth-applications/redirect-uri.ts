import { z } from 'zod';

/** Visible ASCII; in a backslash browsers see a slash, and others do not. */
const ADDRESS = /^(https?):\/\/([\w.\-:[\]]+)(?:[/?][\x21\x22\x24-\x5b\x5d-\x7e]*)?$/;
/** Where the port may be another at each start of a program (RFC 8252, section 7.3). */
const LOOPBACK = /^(https?:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?((?:[/?].*)?)$/;
/** Hosts that are reached without TLS, because what is sent to them does not leave the machine. */
const OWN_MACHINE = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/**
 * Where an application may be led back to: an absolute address without fragment and user info (RFC 6749, section 3.1.2),
 * by https, or by http on the machine of the user.
 */
export const RedirectUri = z
  .string()
  .max(2_000)
  .refine(isRedirectUri, {
    error:
      'must be an absolute https address without fragment and user info, or an http address of localhost',
    params: { code: 'invalid_format' },
  })
  .meta({
    description:
      'Absolute, without fragment and user info; https, or http for localhost, 127.0.0.1 and [::1]. Compared as it stands; ' +
      'for 127.0.0.1 and [::1] the port may differ.',
    examples: ['https://app.example.com/callback'],
  });

function isRedirectUri(text: string): boolean {
  const [, scheme, authority = ''] = ADDRESS.exec(text) ?? [];
  if (scheme === undefined || !URL.canParse(text)) return false;
  return scheme === 'https' || OWN_MACHINE.test(authority);
}

/** Whether a request may lead to this address: one that is registered, to the letter but for the port of a loopback address. */
export function isRegistered(registered: readonly string[], given: string): boolean {
  if (registered.includes(given)) return true;
  const loopback = withoutPort(given);
  if (loopback === null || !URL.canParse(given)) return false;
  return registered.some(uri => withoutPort(uri) === loopback);
}

/** Whether nobody but the client can be there: behind TLS, and not on the user's machine, where any program may listen. */
export function isOfItsClientAlone(uri: string): boolean {
  const [, scheme, authority = ''] = ADDRESS.exec(uri) ?? [];
  return scheme === 'https' && !OWN_MACHINE.test(authority);
}

function withoutPort(uri: string): string | null {
  const [, host, rest] = LOOPBACK.exec(uri) ?? [];
  return host === undefined ? null : `${host}${rest}`;
}
