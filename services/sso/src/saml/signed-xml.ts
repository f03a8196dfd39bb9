import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization, SignedXml } from 'xml-crypto';
import { SIGNATURE, SIGNATURE_ALGORITHMS } from './names.ts';
import { refuse } from './refusal.ts';

/** Only for text that our own parser has found in order: this one is lenient. */
function parseForSignature(text: string): Document {
  const raise = () => refuse('MALFORMED_MESSAGE');
  const errorHandler = { warning: raise, error: raise, fatalError: raise };
  return new DOMParser({ errorHandler }).parseFromString(text, 'text/xml');
}

/**
 * Verifies the signature that stands in an element, and gives what was signed: the canonical text of the element without its
 * signature, made of the very bytes whose digest was signed. Whatever else the message says, nobody vouched for.
 *
 * The key is found first, by the value of the signature alone: a text that nobody trusted has signed costs no more than that,
 * however many certificates are trusted.
 *
 * @param text that `inspect` found in order
 * @param id of the element
 * @throws SamlRefusal where no trusted certificate made the signature
 */
export function signedText(text: string, id: string, certificates: readonly string[]): string {
  const signature = signatureOf(parseForSignature(text), id);
  const certificate = certificates.find(pem => made(signature, createPublicKey(pem)));
  if (certificate === undefined) refuse('INVALID_SIGNATURE');
  const signed = new SignedXml({ publicCert: certificate });
  try {
    signed.loadSignature(signature);
    if (!signed.checkSignature(text)) refuse('INVALID_SIGNATURE');
  } catch {
    refuse('INVALID_SIGNATURE');
  }
  const [bytes, ...others] = signed.getSignedReferences();
  return bytes !== undefined && others.length === 0 ? bytes : refuse('INVALID_SIGNATURE');
}

function made(signature: Element, key: KeyObject): boolean {
  const [signedInfo] = childrenOf(signature, 'SignedInfo');
  const [value] = childrenOf(signature, 'SignatureValue');
  const [method] = childrenOf(signedInfo!, 'SignatureMethod');
  const hash = SIGNATURE_ALGORITHMS.get(method!.getAttribute('Algorithm') ?? '') ?? refuse('WEAK_ALGORITHM');
  const canonical = new ExclusiveCanonicalization().process(signedInfo!, {});
  return verify(hash, Buffer.from(canonical), key, Buffer.from(value!.textContent ?? '', 'base64'));
}

function signatureOf(document: Document, id: string): Element {
  const root = document.documentElement;
  const element = [root, ...elementsIn(root)].find(found => found.getAttribute('ID') === id);
  const [signature] = element ? childrenOf(element, 'Signature') : [];
  return signature ?? refuse('UNSIGNED');
}

const elementsIn = (element: Element): Element[] =>
  Array.from(element.childNodes).filter((node): node is Element => node.nodeType === node.ELEMENT_NODE);

const childrenOf = (element: Element, name: string): Element[] =>
  elementsIn(element).filter(child => child.localName === name && child.namespaceURI === SIGNATURE);
