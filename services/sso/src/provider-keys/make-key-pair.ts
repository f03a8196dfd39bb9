import { generate } from 'selfsigned';
import type { KeyPair } from '../saml/index.ts';

/** Bits: of a strength for longer than a certificate lasts (NIST SP 800-57, part 1, table 2). */
const KEY_SIZE = 3_072;
/** Providers trust the key and hardly look at the date; one that does is brought the next certificate by hand. */
const YEARS = 10;
/** Milliseconds by which it begins earlier, for clocks that are behind. */
const EARLIER = 86_400_000;

/**
 * An RSA key, and a certificate of it that it signed itself.
 *
 * @param name the common name in it, 64 characters at most
 */
export async function makeKeyPair(name: string, now = new Date()): Promise<KeyPair> {
  const notAfterDate = new Date(now);
  notAfterDate.setUTCFullYear(now.getUTCFullYear() + YEARS);
  const { private: privateKey, cert: certificate } = await generate([{ name: 'commonName', value: name }], {
    keySize: KEY_SIZE,
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - EARLIER),
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    ],
  });
  return { privateKey, certificate };
}
