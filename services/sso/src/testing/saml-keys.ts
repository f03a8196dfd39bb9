import { generate } from 'selfsigned';
import type { SigningKey } from './saml-messages.ts';

/** An RSA key of its own, with a certificate of it that it signed itself. */
export async function signingKey(
  name = 'identity provider',
  { bits = 2_048, notAfterDate }: { bits?: 1_024 | 2_048 | 4_096; notAfterDate?: Date } = {},
): Promise<SigningKey> {
  const { private: privateKey, cert } = await generate([{ name: 'commonName', value: name }], {
    keySize: bits,
    algorithm: 'sha256',
    ...(notAfterDate && { notBeforeDate: new Date(0), notAfterDate }),
  });
  return { privateKey, certificate: cert };
}
