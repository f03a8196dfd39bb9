import { CODINGS } from './answer.ts';
import { OutboundFailure } from './failure.ts';

/** Of the connection, not of the request (RFC 9110, section 7.6.1), or made from the URL and the body. */
const OWN_HEADERS =
  /^(host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|expect|content-length)$/;

/** @throws OutboundFailure for a header that is not the request's own */
export function headersToSend(
  given: Record<string, string> = {},
  decompress: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {
    'user-agent': 'Rivergate',
    'accept-encoding': decompress ? CODINGS : 'identity',
  };
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value;
  if (Object.keys(headers).some(name => OWN_HEADERS.test(name)))
    throw new OutboundFailure('header_not_allowed');
  return headers;
}
