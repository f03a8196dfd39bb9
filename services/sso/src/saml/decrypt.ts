import { promisify } from 'node:util';
import { decrypt } from 'xml-encryption';
import { canonical } from './canonical.ts';
import { CONTENT_ENCRYPTION, ENCRYPTION, KEY_ENCRYPTION } from './names.ts';
import type { KeyPair } from './parties.ts';
import { refuse } from './refusal.ts';
import { childOf, descendants, MOST_UNSIGNED, sizeOf, textOf, type XmlElement } from './xml.ts';

/** Bytes: of the initialization vector and the tag of AES-GCM. */
const SHORTEST = 12 + 16 + 1;

/**
 * Decrypts what an element holds, which is one thing, under one key (XML Encryption 1.1, section 5.2.4: AES-GCM). Whatever is
 * wrong with it, the refusal is the same.
 *
 * @param wrapper EncryptedAssertion or EncryptedID
 * @throws SamlRefusal
 */
export async function decryptIn(wrapper: XmlElement, keys: readonly KeyPair[]): Promise<string> {
  const all = [...descendants(wrapper)];
  const [data, ...moreData] = all.filter(({ name }) => name === 'EncryptedData');
  const [key, ...moreKeys] = all.filter(({ name }) => name === 'EncryptedKey');
  if (!data || !key || moreData.length > 0 || moreKeys.length > 0 || sizeOf(wrapper) > MOST_UNSIGNED)
    refuse('NOT_DECRYPTED');
  if (
    !CONTENT_ENCRYPTION.includes(methodOf(data)?.attributes.get('Algorithm') ?? '') ||
    !KEY_ENCRYPTION.includes(methodOf(key)?.attributes.get('Algorithm') ?? '')
  )
    refuse('WEAK_ENCRYPTION');
  // The library takes a tag that is cut short.
  if (contentOf(data).length < SHORTEST) refuse('NOT_DECRYPTED');
  const text = canonical(wrapper);
  for (const { privateKey } of keys) {
    const decrypted = await promisify(decrypt)(text, { key: privateKey }).catch(() => undefined);
    if (decrypted) return decrypted.replace(/\r\n?/g, '\n');
  }
  refuse('NOT_DECRYPTED');
}

const methodOf = (element: XmlElement) => childOf(element, ENCRYPTION, 'EncryptionMethod');

function contentOf(data: XmlElement): Buffer {
  const cipher = childOf(data, ENCRYPTION, 'CipherData');
  const value = cipher && childOf(cipher, ENCRYPTION, 'CipherValue');
  return Buffer.from(value ? textOf(value) : '', 'base64');
}
