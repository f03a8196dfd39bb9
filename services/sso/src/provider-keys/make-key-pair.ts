import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { KeyPair } from '../saml/index.ts';

/** Of a strength for longer than a certificate lasts (NIST SP 800-57, part 1, table 2). */
const RSA_3072_SHA256 = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 3_072,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
};
/** What trusts a certificate trusts its key; the date is for those that look at it, and a new one is brought there by hand. */
const YEARS = 10;
/** Clocks of others are behind. */
const EARLIER = 86_400_000;

/**
 * An RSA key, and a certificate of it that it signed itself.
 *
 * @param name the common name in it, 64 characters at most
 */
export async function makeKeyPair(name: string, now = new Date()): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(RSA_3072_SHA256, true, ['sign', 'verify']);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + YEARS);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: `00${randomBytes(16).toString('hex')}`,
    name: [{ CN: [name] }],
    notBefore: new Date(now.getTime() - EARLIER),
    notAfter,
    signingAlgorithm: RSA_3072_SHA256,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    ],
  });
  const privateKey = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { privateKey, certificate: `${certificate.toString('pem')}\n` };
}
