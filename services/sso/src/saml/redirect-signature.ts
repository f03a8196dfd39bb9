import { createPublicKey, verify } from 'node:crypto';
import { SIGNATURE_ALGORITHMS } from './names.ts';
import { refuse } from './refusal.ts';

export interface SignedQuery {
  message: string;
  relayState?: string;
}

const OWN = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature', 'SAMLEncoding'];
const LONGEST_QUERY = 32_768;
const DEFLATE = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';

/**
 * Takes a message out of a query of the HTTP-Redirect binding, whose signature is over the parameters as they were written
 * (SAML Bindings, section 3.4.4.1). Each of them may be there once.
 *
 * @param query as it came, without the question mark
 * @throws SamlRefusal where no trusted certificate made the signature
 */
export function verifiedQuery(
  query: string,
  field: 'SAMLRequest' | 'SAMLResponse',
  certificates: readonly string[],
): SignedQuery {
  if (query.length > LONGEST_QUERY) refuse('TOO_LARGE');
  const raw = new Map<string, string>();
  for (const parameter of query.split('&')) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(parameter)!;
    const decoded = decoding(name);
    if (!OWN.includes(decoded)) continue;
    // A name that is written otherwise than here would not be what was signed.
    if (decoded !== name || raw.has(name)) refuse('MALFORMED_MESSAGE');
    raw.set(name, value);
  }
  const value = raw.get(field);
  if (value === undefined || raw.has(field === 'SAMLRequest' ? 'SAMLResponse' : 'SAMLRequest'))
    refuse('UNEXPECTED_MESSAGE');
  if (decoding(raw.get('SAMLEncoding') ?? DEFLATE) !== DEFLATE) refuse('MALFORMED_MESSAGE');
  const [algorithm, signature] = [raw.get('SigAlg'), raw.get('Signature')];
  if (algorithm === undefined || signature === undefined) refuse('UNSIGNED');
  const hash = SIGNATURE_ALGORITHMS.get(decoding(algorithm)) ?? refuse('WEAK_ALGORITHM');
  const relayState = raw.get('RelayState');
  const written = [
    `${field}=${value}`,
    ...(relayState === undefined ? [] : [`RelayState=${relayState}`]),
    `SigAlg=${algorithm}`,
  ].join('&');
  const made = Buffer.from(decoding(signature), 'base64');
  if (!certificates.some(pem => verify(hash, Buffer.from(written), createPublicKey(pem), made)))
    refuse('INVALID_SIGNATURE');
  return {
    message: decoding(value),
    ...(relayState !== undefined && { relayState: decoding(relayState) }),
  };
}

/** application/x-www-form-urlencoded, of one name or value. */
function decoding(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    refuse('MALFORMED_MESSAGE');
  }
}
