import { OutboundFailure } from './failure.ts';

/** Characters: what proxies and servers take as a rule. */
const LONGEST_URL = 8_000;
/** The least port that anybody may listen on; below, other protocols are at home. */
const FIRST_UNPRIVILEGED = 1_024;

/**
 * The URL as WHATWG reads it, so that an IPv4 address has one notation: `http://0x7f.1` is `http://127.0.0.1`.
 *
 * @param ports those that are allowed; where none are given, 80, 443 and all from 1024
 * @throws OutboundFailure
 */
export function targetOf(given: string | URL, ports?: readonly number[]): URL {
  const url = URL.parse(String(given));
  if (!url || url.href.length > LONGEST_URL) throw new OutboundFailure('invalid_url');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new OutboundFailure('scheme_not_allowed');
  // Credentials in a URL come into logs and redirects (RFC 9110, section 4.2.4).
  if (url.username !== '' || url.password !== '') throw new OutboundFailure('invalid_url');
  const preset = url.protocol === 'https:' ? 443 : 80;
  const port = url.port === '' ? preset : Number(url.port);
  const allowed = ports ? ports.includes(port) : port === 80 || port === 443 || port >= FIRST_UNPRIVILEGED;
  if (!allowed) throw new OutboundFailure('port_not_allowed');
  return url;
}

/** The host as a name, or as an address without brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');
