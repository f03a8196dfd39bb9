import { z } from 'zod';

/** Visible ASCII; in a backslash browsers see a slash, and others do not. */
const ADDRESS = /^(https?):\/\/([\w.\-:[\]]+)(?:[/?][\x21\x22\x24-\x5b\x5d-\x7e]*)?$/;
/** Where the port may be another at each start of a program (RFC 8252, section 7.3). */
const LOOPBACK = /^(https?:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?((?:[/?].*)?)$/;
/** A scheme of an app's own, which is a domain backwards, so that no other app has it by chance (RFC 8252, section 7.1). */
const PRIVATE_USE = /^[a-z][a-z\d-]*(?:\.[a-z\d-]+)+:\/[\x21\x22\x24-\x5b\x5d-\x7e]*$/;
/** Hosts that are reached without TLS, because what is sent to them does not leave the machine. */
const OWN_MACHINE = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/**
 * Where an application may be led back to: an absolute address without fragment and user info (RFC 6749, section 3.1.2),
 * by https, by http on the machine of the user, or by a scheme of the app's own.
 */
export const RedirectUri = z
  .string()
  .max(2_000)
  .refine(isRedirectUri, {
    error:
      'must be an absolute https address without fragment and user info, an http address of localhost, or of a scheme ' +
      'that is a domain backwards',
    params: { code: 'invalid_format' },
  })
  .meta({
    description:
      'Absolute, without fragment and user info; https, or http for localhost, 127.0.0.1 and [::1]. A public client may have ' +
      'a scheme of its own that is a domain backwards, as com.example.app:/callback. Compared as it stands; for 127.0.0.1 ' +
      'and [::1] the port may differ.',
    examples: ['https://app.example.com/callback'],
  });

export function isRedirectUri(text: string): boolean {
  if (isPrivateUse(text)) return true;
  const [, scheme, authority = ''] = ADDRESS.exec(text) ?? [];
  if (scheme === undefined || !URL.canParse(text)) return false;
  return scheme === 'https' || OWN_MACHINE.test(authority);
}

/**
 * Whether a browser can post an answer there, and a policy can name the place (OAuth 2.0 Form Post Response Mode 1.0; Content
 * Security Policy Level 3, section 2.3.1): not to a scheme of an app's own, and not to an IPv6 address.
 */
export function isPostable(uri: string): boolean {
  const [, , authority = ''] = ADDRESS.exec(uri) ?? [];
  return /^[a-z\d.-]+(?::\d+)?$/i.test(authority);
}

/** Whether the platform itself is there: its pages, which carry out what is in their address, are nobody's to lead people to. */
export function isOfPlatform(uri: string, publicUrl: string): boolean {
  // With the dot that ends a name it is the same host.
  const hostOf = (url: string) => URL.parse(url)?.host.replace(/\.(?=:|$)/, '');
  return hostOf(uri) === hostOf(publicUrl);
}

/** Whether only an app that is installed takes it (RFC 8252, section 7.1). */
export function isPrivateUse(text: string): boolean {
  return PRIVATE_USE.test(text) && URL.parse(text)?.username === '';
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
