import { rateLimitHeaders } from '@rivergate/caller';
import type { Exchange } from '../exchange.ts';
import { type HeaderLine, headerLine } from './header-line.ts';

/** Answers differ by Origin (RFC 9110, section 12.5.5), also where a request named none. */
const variesByOrigin = headerLine('Vary', 'Origin');
/** What one caller may see is nothing for a cache, unless a service says otherwise. */
const notCached = headerLine('Cache-Control', 'no-store');

const limitNames = [
  'RateLimit-Policy',
  'RateLimit',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
].map(name => ({ key: name.toLowerCase(), name }));

/**
 * Security headers that mean something only for what a browser shows as a document, with scripts and links of its own.
 * Of no use for JSON (OWASP REST Security Cheat Sheet, "Security Headers"), of which most answers are.
 */
const forDocuments = new Set([
  'cross-origin-opener-policy',
  'origin-agent-cluster',
  'referrer-policy',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
]);
const json = 'application/json';

/** Writes the headers that the gateway puts on an answer into a flat list, leaving out those that `taken` has. */
export type AnswerHeaders = (exchange: Exchange, into: string[], taken: Record<string, unknown>) => void;

export function answerHeaders(security: readonly HeaderLine[]): AnswerHeaders {
  const onDocuments = [...security, notCached];
  const onJson = onDocuments.filter(({ key }) => !forDocuments.has(key));
  return (exchange, into, taken) => {
    into.push('X-Request-Id', exchange.id);
    const always = String(taken['content-type']).startsWith(json) ? onJson : onDocuments;
    for (const line of always) if (taken[line.key] === undefined) into.push(line.name, line.value);
    if (taken.vary === undefined) into.push(variesByOrigin.name, variesByOrigin.value);
    for (const line of exchange.crossOrigin) if (line.key !== 'vary') into.push(line.name, line.value);
    if (exchange.dpopNonce !== null && taken['dpop-nonce'] === undefined)
      into.push('DPoP-Nonce', exchange.dpopNonce);
    if (!exchange.general) return;
    const headers = rateLimitHeaders(exchange.general);
    for (const { key, name } of limitNames) {
      const value = headers[name];
      if (value !== undefined && taken[key] === undefined) into.push(name, value);
    }
  };
}
