import { MalformedRequest } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';

/**
 * Request headers that have one value (RFC 9110; ours last). Of two, Node keeps the first or joins both, and another
 * server on the way may read the second.
 */
const singletons = new Set([
  'authorization',
  'content-length',
  'content-type',
  'date',
  'from',
  'host',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'origin',
  'proxy-authorization',
  'range',
  'referer',
  'user-agent',
  'idempotency-key',
]);

/**
 * Step: refuses what another server on the way could read differently: no Host (RFC 9112, section 3.2), two values
 * of a header that has one, and transfer codings other than chunked. Node's parser has refused contradictory lengths
 * already.
 */
export function framing({ request }: Exchange): void {
  const { headers, rawHeaders } = request;
  if (headers.host === undefined && request.httpVersion !== '1.0') throw malformed('it must name one host');
  let names = 0;
  for (const _ in headers) names += 1;
  // Only a request that repeats a header has more lines than names.
  if (rawHeaders.length > 2 * names) refuseRepeated(rawHeaders);
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw malformed('the only transfer coding is chunked');
}

function refuseRepeated(rawHeaders: readonly string[]): void {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    if (seen.has(name) && singletons.has(name)) throw malformed(`it must have one ${name} header`);
    seen.add(name);
  }
}

function malformed(reason: string) {
  return MalformedRequest(`The request could not be read: ${reason}`);
}
