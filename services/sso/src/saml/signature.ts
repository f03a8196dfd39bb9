import { createHash, createPublicKey, verify } from 'node:crypto';
import { equal } from '@rivergate/secrets';
import { canonical } from './canonical.ts';
import { DIGEST_ALGORITHMS, SIGNATURE_ALGORITHMS } from './names.ts';
import { refuse } from './refusal.ts';
import { signatureIn } from './structure.ts';
import { textOf, type XmlElement } from './xml.ts';

/**
 * Verifies the signature that stands in an element (XML Signature 1.1, section 3.2) and gives what was signed: the very text whose
 * digest was signed, and by whose certificate. Whatever else the message says, nobody vouched for.
 *
 * @param root that `inspect` found in order, so that all that is read of the signature here is there, once
 * @param element the root or a child of it
 * @throws SamlRefusal where no trusted certificate made the signature
 */
export function signedText(
  root: XmlElement,
  element: XmlElement,
  certificates: readonly string[],
): { text: string; certificate: string } {
  const signature = signatureIn(element) ?? refuse('UNSIGNED');
  const [signedInfo, value] = signature.children as [XmlElement, XmlElement];
  const [, method, reference] = signedInfo.children as [XmlElement, XmlElement, XmlElement];
  const [transforms, digestMethod, digest] = reference.children as [XmlElement, XmlElement, XmlElement];
  const around = new Map([...root.written.declared, ...element.written.declared]);

  // First, since it costs the same whatever the message holds.
  const hash = SIGNATURE_ALGORITHMS.get(algorithmOf(method)) ?? refuse('WEAK_ALGORITHM');
  const bytes = Buffer.from(
    canonical(signedInfo, { around: new Map([...around, ...signature.written.declared]) }),
  );
  const made = Buffer.from(textOf(value), 'base64');
  const certificate = certificates.find(pem => verify(hash, bytes, createPublicKey(pem), made));
  if (certificate === undefined) refuse('INVALID_SIGNATURE');

  const text = canonical(element, {
    around: root.written.declared,
    without: signature,
    inclusivePrefixes: inclusivePrefixesOf(transforms),
  });
  const digestHash = DIGEST_ALGORITHMS.get(algorithmOf(digestMethod)) ?? refuse('WEAK_ALGORITHM');
  const digestOfText = createHash(digestHash).update(text).digest('base64');
  if (!equal(digestOfText, textOf(digest).replace(/\s/g, ''))) refuse('INVALID_SIGNATURE');
  return { text, certificate };
}

const algorithmOf = (element: XmlElement) => element.attributes.get('Algorithm') ?? '';

/** Exclusive XML Canonicalization 1.0, section 4. */
function inclusivePrefixesOf(transforms: XmlElement): string[] {
  const listed = transforms.children
    .flatMap(({ children }) => children)
    .flatMap(({ attributes }) => (attributes.get('PrefixList') ?? '').split(/\s+/))
    .filter(Boolean);
  return listed.map(prefix => (prefix === '#default' ? '' : prefix));
}
