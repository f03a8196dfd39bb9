import { decryptIn } from './decrypt.ts';
import { ASSERTION, UNSPECIFIED_FORMAT } from './names.ts';
import type { KeyPair } from './parties.ts';
import { refuse } from './refusal.ts';
import { childOf, parseXml, textOf, type XmlElement } from './xml.ts';

export interface NameId {
  nameId: string;
  /** URI of the format (SAML Core, section 8.3). */
  nameIdFormat: string;
  /** Whose name it is, where that is said (SAML Core, section 2.2.2); a logout request has to repeat it. */
  nameQualifier?: string;
  spNameQualifier?: string;
}

/** Characters (SAML Core, section 8.3.7: 256 for persistent identifiers; addresses may be longer). */
const LONGEST = 1_024;

/**
 * Whom an element is about: its NameID, or the EncryptedID that holds one.
 *
 * @throws SamlRefusal
 */
export async function nameIdIn(element: XmlElement, keys: readonly KeyPair[]): Promise<NameId> {
  const plain = childOf(element, ASSERTION, 'NameID');
  const encrypted = childOf(element, ASSERTION, 'EncryptedID');
  if (plain && encrypted) refuse('MALFORMED_MESSAGE');
  if (plain) return readNameId(plain);
  if (!encrypted) refuse('INCOMPLETE_ASSERTION');
  const decrypted = parseXml(await decryptIn(encrypted, keys));
  if (decrypted.name !== 'NameID' || decrypted.namespace !== ASSERTION) refuse('NOT_DECRYPTED');
  return readNameId(decrypted);
}

function readNameId(element: XmlElement): NameId {
  const nameId = textOf(element);
  if (nameId.trim() === '' || nameId.length > LONGEST) refuse('INCOMPLETE_ASSERTION');
  const nameQualifier = element.attributes.get('NameQualifier');
  const spNameQualifier = element.attributes.get('SPNameQualifier');
  if ([nameQualifier, spNameQualifier].some(qualifier => qualifier && qualifier.length > LONGEST))
    refuse('INCOMPLETE_ASSERTION');
  return {
    nameId,
    nameIdFormat: element.attributes.get('Format') ?? UNSPECIFIED_FORMAT,
    ...(nameQualifier !== undefined && { nameQualifier }),
    ...(spNameQualifier !== undefined && { spNameQualifier }),
  };
}
