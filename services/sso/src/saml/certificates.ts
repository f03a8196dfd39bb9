import { X509Certificate } from 'node:crypto';
import { refuse } from './refusal.ts';

/** A certificate that signatures are checked by. Its key is what is trusted; no authority is asked. */
export interface Certificate {
  pem: string;
  /** SHA-256 of the certificate, hex in lower case. */
  fingerprint: string;
  expiresAt: Date;
}

/** Bits. */
const SHORTEST_KEY = 2_048;
/** Each is tried for a signature that none has made. */
const MOST = 10;
const LONGEST_TEXT = 65_536;
const BLOCK = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * Reads certificates as people paste them: the base64 of one, or one or more PEM blocks.
 *
 * @throws SamlRefusal where one is malformed, its key is weak or no RSA key, or it has expired
 */
export function readCertificates(text: string, now = new Date()): Certificate[] {
  if (text.length > LONGEST_TEXT) refuse('MALFORMED_CERTIFICATE');
  const blocks = [...text.matchAll(BLOCK)].map(([, base64]) => base64!);
  const rest = text.replace(BLOCK, '').trim();
  // Text beside PEM blocks would be a certificate that is left out without a word.
  if ((blocks.length > 0 && rest !== '') || blocks.length > MOST) refuse('MALFORMED_CERTIFICATE');
  return (blocks.length > 0 ? blocks : [rest]).map(base64 => readCertificate(base64, now));
}

/** Of what is a certificate, of use or not. */
export function fingerprintOf(base64: string): string[] {
  try {
    return [hexOf(new X509Certificate(Buffer.from(base64, 'base64')))];
  } catch {
    return [];
  }
}

/** From when a certificate that was read before is good. */
export const startOf = (pem: string): Date => new X509Certificate(pem).validFromDate;

const hexOf = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(':', '').toLowerCase();

function readCertificate(base64: string, now: Date): Certificate {
  const packed = base64.replace(/\s+/g, '');
  if (packed === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) refuse('MALFORMED_CERTIFICATE');
  let certificate: X509Certificate;
  let key: X509Certificate['publicKey'];
  try {
    certificate = new X509Certificate(Buffer.from(packed, 'base64'));
    key = certificate.publicKey;
  } catch {
    refuse('MALFORMED_CERTIFICATE');
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < SHORTEST_KEY) refuse('WEAK_CERTIFICATE');
  const expiresAt = certificate.validToDate;
  if (expiresAt <= now) refuse('EXPIRED_CERTIFICATE');
  return {
    pem: certificate.toString(),
    fingerprint: hexOf(certificate),
    expiresAt,
  };
}
