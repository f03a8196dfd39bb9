import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { OutboundFailure } from './failure.ts';
import { targetOf } from './target.ts';

/** What one URL is asked. */
export interface Hop {
  url: URL;
  method: Dispatcher.HttpMethod;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string | Uint8Array | Readable | null;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What goes along to another origin. Every other header may be a secret of who gave it, or be signed for the first one. */
const SAYS_NOTHING = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent']);

/** Whether an answer leads elsewhere (RFC 9110, section 15.4). */
export const leadsOn = ({ statusCode, headers }: Dispatcher.ResponseData): boolean =>
  REDIRECTS.has(statusCode) && typeof headers.location === 'string';

/**
 * What an answer that leads on asks for next, by the rules of the Fetch standard (HTTP-redirect fetch). Stricter than those,
 * a body goes to no other origin, and never from TLS to none.
 *
 * @throws OutboundFailure
 */
export function nextHop(
  hop: Hop,
  { statusCode, headers }: Dispatcher.ResponseData,
  ports?: readonly number[],
): Hop {
  const url = targetOf(URL.parse(String(headers.location), hop.url.href) ?? '', ports);
  if (hop.url.protocol === 'https:' && url.protocol === 'http:')
    throw new OutboundFailure('redirect_not_allowed');
  const becomesGet =
    (statusCode === 303 && hop.method !== 'HEAD') || (statusCode < 303 && hop.method === 'POST');
  const next: Hop = becomesGet
    ? { url, method: 'GET', headers: without(hop.headers, name => name.startsWith('content-')), body: null }
    : { ...hop, url };
  if (url.origin !== hop.url.origin) {
    if (next.body !== null) throw new OutboundFailure('redirect_not_allowed');
    next.headers = without(next.headers, name => !SAYS_NOTHING.has(name));
  }
  // A stream has passed with the first request.
  if (next.body !== null && typeof next.body !== 'string' && !(next.body instanceof Uint8Array))
    throw new OutboundFailure('redirect_not_allowed');
  return next;
}

function without(headers: Record<string, string>, drops: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drops(name)));
}
