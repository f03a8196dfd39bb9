import type { IncomingHttpHeaders } from 'node:http';
import { CREDENTIAL_HEADER } from '@rivergate/caller';
import { clientToken } from '@rivergate/secrets';
import type { Exchange } from '../exchange.ts';

/** Headers that concern one connection only (RFC 9110, section 7.6.1). */
export const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What a client may not tell a service: who it is, where it comes from, or anything that the gateway says itself. */
const notFromOutside = new Set([
  ...hopByHop,
  'host',
  'expect',
  'authorization',
  'forwarded',
  'via',
  'x-real-ip',
  'x-org-id',
  'x-user-id',
  'x-request-id',
  'traceparent',
  'tracestate',
  'x-http-method-override',
  'x-original-url',
  'x-rewrite-url',
]);
const notFromOutsidePrefix = /^x-(?:internal|forwarded)-/;

/** Headers that may come more than once and stay apart. */
const none: ReadonlySet<string> = new Set();

/** The flat header list of the forwarded request. `credential` is null for what is no service of the fleet. */
export function requestHeaders(exchange: Exchange, credential: string | null): string[] {
  const { headers } = exchange.request;
  const named = connectionNames(headers.connection);
  const lines: string[] = [];
  for (const name in headers) {
    if (notFromOutside.has(name) || named.has(name)) continue;
    if (name.charCodeAt(0) === 120 && notFromOutsidePrefix.test(name)) continue;
    const value = headers[name];
    if (value === undefined) continue;
    if (name === 'cookie') lines.push(...declaredCookies(exchange, value as string));
    else lines.push(name, typeof value === 'string' ? value : value.join(', '));
  }
  if (exchange.route?.caller === 'client') lines.push(...clientCredentials(headers.authorization));
  lines.push('x-request-id', exchange.id, 'x-forwarded-for', exchange.ip);
  if (headers.host) lines.push('x-forwarded-host', headers.host);
  if (exchange.traceparent) lines.push('traceparent', exchange.traceparent);
  if (credential !== null) lines.push(CREDENTIAL_HEADER, credential);
  return lines;
}

/**
 * An OAuth client's, which its service checks (RFC 6749, section 2.3.1), and the tokens by which it registers. Nothing else
 * passes: tokens are for the gateway.
 */
function clientCredentials(authorization: string | undefined): string[] {
  const isClients = /^basic /i.test(authorization ?? '') || clientToken(authorization) !== undefined;
  return isClients ? ['authorization', authorization!] : [];
}

/** The cookies that the route declares: what else a browser has for this host is nobody's business there. */
function declaredCookies({ route }: Exchange, header: string): string[] {
  if (!route || route.cookies.size === 0) return [];
  const kept = header.split(';').filter(pair => route.cookies.has(pair.split('=', 1)[0]!.trim()));
  return kept.length > 0 ? ['cookie', kept.map(pair => pair.trim()).join('; ')] : [];
}

/** Headers that the sender declares to be for this connection only. */
function connectionNames(connection: IncomingHttpHeaders['connection']): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return none;
  return new Set(
    connection
      .toLowerCase()
      .split(',')
      .map(name => name.trim())
      // Nobody may have the length of the body forgotten on the way.
      .filter(name => name !== 'content-length' && name !== 'content-type'),
  );
}
