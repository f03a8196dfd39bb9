import type { IncomingHttpHeaders } from 'node:http';
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
]);
const notToOutsidePrefix = /^(?:x-internal-|access-control-)/;

/** The flat header list of the answer: the service's, cleaned, and the gateway's own. */
export function responseHeaders(
  exchange: Exchange,
  headers: IncomingHttpHeaders,
  answerHeaders: AnswerHeaders,
): string[] {
  const lines: string[] = [];
  for (const name in headers) {
    if (notToOutside.has(name) || notToOutsidePrefix.test(name)) continue;
    const value = headers[name];
    if (typeof value === 'string') lines.push(name, value);
    else if (value !== undefined) for (const one of value) lines.push(name, one);
  }
  const { vary } = headers;
  if (vary !== undefined) lines.push('Vary', vary === '*' ? vary : `${vary}, Origin`);
  answerHeaders(exchange, lines, headers);
  return lines;
}
