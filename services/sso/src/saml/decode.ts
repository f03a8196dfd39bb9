import { inflateRawSync } from 'node:zlib';
import { refuse } from './refusal.ts';
import { MOST_BYTES } from './xml.ts';

const LONGEST_BASE64 = Math.ceil(MOST_BYTES / 3) * 4;
/** Characters of a message in a URL, unescaped; servers take no longer ones. */
const LONGEST_IN_URL = 16_384;

/**
 * The text of a message of the HTTP-POST binding: base64, perhaps in lines (SAML Bindings, section 3.5.4).
 *
 * @throws SamlRefusal
 */
export function decodePosted(value: string): string {
  // Lines of base64 end after 76 characters at the longest: a tenth is more than enough for their ends.
  if (value.length > LONGEST_BASE64 * 1.1) refuse('TOO_LARGE');
  const bytes = fromBase64(value.replace(/[ \t\r\n]+/g, ''));
  return bytes.length > MOST_BYTES ? refuse('TOO_LARGE') : toText(bytes);
}

/**
 * The text of a message of the HTTP-Redirect binding: DEFLATE, then base64 (SAML Bindings, section 3.4.4.1).
 *
 * @throws SamlRefusal
 */
export function decodeRedirected(value: string): string {
  if (value.length > LONGEST_IN_URL) refuse('TOO_LARGE');
  const compressed = fromBase64(value);
  let bytes: Buffer;
  try {
    bytes = inflateRawSync(compressed, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    refuse((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'TOO_LARGE' : 'MALFORMED_MESSAGE');
  }
  return toText(bytes);
}

function fromBase64(value: string): Buffer {
  if (value === '' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value))
    refuse('MALFORMED_MESSAGE');
  return Buffer.from(value, 'base64');
}

/** With the ends of lines that XML has (XML 1.0, section 2.11), so that all who read it see the same. */
function toText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n');
  } catch {
    refuse('MALFORMED_MESSAGE');
  }
}
