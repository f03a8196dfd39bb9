import type { IncomingHttpHeaders } from 'node:http';
import { type RateLimitVerdict, rateLimitHeaders } from '@rivergate/caller';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import type { Exchange } from '../exchange.ts';
import { hopByHop } from './request-headers.ts';

/** What a service says to the gateway and not to the world. */
const notToOutside = new Set([
  ...hopByHop,
  'server',
  'via',
  'x-powered-by',
  'x-manifest-version',
  'x-request-id',
  'traceparent',
  'vary',
  'ratelimit-policy',
  'ratelimit',
]);
const [A, X] = ['a'.charCodeAt(0), 'x'.charCodeAt(0)];
const notToOutsidePrefix = /^(?:x-internal-|access-control-)/;

/** The flat header list of the answer: the service's, cleaned, and the gateway's own. */
export function responseHeaders(
  exchange: Exchange,
  headers: IncomingHttpHeaders,
  answerHeaders: AnswerHeaders,
): string[] {
  const lines: string[] = [];
  for (const name in headers) {
    if (notToOutside.has(name)) continue;
    const initial = name.charCodeAt(0);
    if ((initial === X || initial === A) && notToOutsidePrefix.test(name)) continue;
    const value = name === 'set-cookie' ? declaredCookies(exchange, headers[name]) : headers[name];
    if (typeof value === 'string') lines.push(name, value);
    else if (value !== undefined) for (const one of value) lines.push(name, one);
  }
  const { vary } = headers;
  if (vary !== undefined) lines.push('Vary', vary === '*' ? vary : `${vary}, Origin`);
  if (headers['ratelimit-policy'] !== undefined) lines.push(...bothLimits(headers, exchange.general));
  answerHeaders(exchange, lines, headers);
  return lines;
}

/** A service sets the cookies that its route declares, and no others. */
function declaredCookies({ route }: Exchange, lines: string | string[] = []): string[] {
  return [lines].flat().filter(line => route?.cookies.has(line.split('=', 1)[0]!));
}

/** A service that counted the request in a class of its own says so: its class and the general one are both listed. */
function bothLimits(headers: IncomingHttpHeaders, general: RateLimitVerdict | null): string[] {
  const own = general ? rateLimitHeaders(general) : {};
  return ['RateLimit-Policy', 'RateLimit'].flatMap(name => [
    name,
    [headers[name.toLowerCase()], own[name]].filter(Boolean).join(', '),
  ]);
}
