import {
  ASSERTION,
  DIGEST_ALGORITHMS,
  ENVELOPED_SIGNATURE,
  EXCLUSIVE_CANONICALIZATION,
  PROTOCOL,
  SIGNATURE,
  SIGNATURE_ALGORITHMS,
} from './names.ts';
import { refuse } from './refusal.ts';
import { childrenOf, descendants, MOST_UNSIGNED, sizeOf, textOf, type XmlElement } from './xml.ts';

/** What may stand in the KeyInfo of a signature. It is not used: keys are known beforehand. */
const KEY_NAMES = new Set([
  ...['KeyInfo', 'KeyName', 'KeyValue', 'RSAKeyValue', 'Modulus', 'Exponent'],
  ...['X509Data', 'X509Certificate', 'X509SubjectName', 'X509SKI', 'X509CRL', 'X509Digest'],
  ...['X509IssuerSerial', 'X509IssuerName', 'X509SerialNumber'],
]);
/** What else of XML Signature stands in what is encrypted. */
const OUTSIDE_SIGNATURES = new Set([...KEY_NAMES, 'DigestMethod', 'RetrievalMethod']);
/** Looked for by the libraries in the whole document. */
const ANYWHERE = new Set(['Signature', 'SignedInfo']);
const ASSERTION_NAMES = new Set(['Assertion', 'EncryptedAssertion']);
const MESSAGE_NAMES = new Set([
  'Response',
  'LogoutRequest',
  'LogoutResponse',
  'ArtifactResponse',
  'AuthnRequest',
]);

/**
 * Looks through a message, or an assertion that was encrypted, before anything else reads it: messages, assertions and
 * signatures stand where they belong and nowhere else, whatever their namespace, since libraries look for them by their local
 * name anywhere; no two IDs are the same, under any of the names that libraries take for one; a signature is about the
 * element that it stands in, by allowed algorithms.
 *
 * @throws SamlRefusal
 */
export function inspect(root: XmlElement): XmlElement {
  const assertions = isMessage(root) ? root.children.filter(isAssertion) : [];
  const signed = [root, ...assertions].filter(element => signatureIn(element));
  const inSignatures = new Set(signed.flatMap(element => [...descendants(signatureIn(element)!)]));
  const expected = new Set([root, ...assertions]);
  const ids = new Set<string>();
  for (const element of descendants(root)) {
    for (const [name, value] of element.attributes)
      if (name.toLowerCase() === 'id') {
        if (ids.has(value)) refuse('DUPLICATE_ID');
        ids.add(value);
      }
    if (expected.has(element) || inSignatures.has(element)) continue;
    if (belongsInSignature(element)) refuse('MISPLACED_SIGNATURE');
    if (ASSERTION_NAMES.has(element.name)) refuse('NOT_ONE_ASSERTION');
    if (MESSAGE_NAMES.has(element.name)) refuse('UNEXPECTED_MESSAGE');
  }
  for (const element of signed) inspectSignature(signatureIn(element)!, idOf(element));
  return root;
}

const belongsInSignature = ({ name, namespace }: XmlElement) =>
  ANYWHERE.has(name) || (namespace === SIGNATURE && !OUTSIDE_SIGNATURES.has(name));
const isMessage = (element: XmlElement) => element.namespace === PROTOCOL;
const isAssertion = (element: XmlElement) =>
  element.namespace === ASSERTION && ASSERTION_NAMES.has(element.name);

/** The signature of an element, undefined where it has none. Several are refused. */
export function signatureIn(element: XmlElement): XmlElement | undefined {
  const [signature, ...others] = childrenOf(element, SIGNATURE, 'Signature');
  return others.length === 0 ? signature : refuse('MISPLACED_SIGNATURE');
}

/** An xs:ID without what would mean something in a URI or an XPath. */
export function idOf(element: XmlElement): string {
  const id = element.attributes.get('ID') ?? '';
  return /^[\p{L}_][\p{L}\p{N}._-]{0,255}$/u.test(id) ? id : refuse('MALFORMED_MESSAGE');
}

/** SAML Core, section 5.4. */
function inspectSignature(signature: XmlElement, id: string): void {
  const [signedInfo, value, keyInfo] = exactly(signature, ['SignedInfo', 'SignatureValue'], ['KeyInfo']);
  textOf(value!);
  if (keyInfo && sizeOf(keyInfo) > MOST_UNSIGNED) refuse('TOO_LARGE');
  for (const element of keyInfo ? descendants(keyInfo) : [])
    if (element.namespace === SIGNATURE ? !KEY_NAMES.has(element.name) : ANYWHERE.has(element.name))
      refuse('MISPLACED_SIGNATURE');
  const [canonicalization, method, reference] = exactly(signedInfo!, [
    'CanonicalizationMethod',
    'SignatureMethod',
    'Reference',
  ]);
  if (reference!.attributes.get('URI') !== `#${id}`) refuse('MISPLACED_SIGNATURE');
  const [transforms, digest, digestValue] = exactly(reference!, [
    'Transforms',
    'DigestMethod',
    'DigestValue',
  ]);
  textOf(digestValue!);
  const applied = exactly(transforms!, ['Transform', 'Transform']);
  const algorithms = [canonicalization!, ...applied].map(algorithmOf);
  if (
    algorithms.join(' ') !==
      [EXCLUSIVE_CANONICALIZATION, ENVELOPED_SIGNATURE, EXCLUSIVE_CANONICALIZATION].join(' ') ||
    !SIGNATURE_ALGORITHMS.has(algorithmOf(method!)) ||
    !DIGEST_ALGORITHMS.has(algorithmOf(digest!))
  )
    refuse('WEAK_ALGORITHM');
  // No truncated HMAC, XPath or the like. Prefixes to keep are a parameter of exclusive canonicalization.
  const [enveloped, exclusive] = applied;
  for (const element of [canonicalization!, method!, digest!, enveloped!])
    if (element.children.length > 0) refuse('WEAK_ALGORITHM');
  if (exclusive!.children.length > 1) refuse('WEAK_ALGORITHM');
  for (const { name, namespace, children } of exclusive!.children)
    if (name !== 'InclusiveNamespaces' || namespace !== EXCLUSIVE_CANONICALIZATION || children.length > 0)
      refuse('WEAK_ALGORITHM');
}

const algorithmOf = (element: XmlElement) => element.attributes.get('Algorithm') ?? '';

/** The children of an element of a signature, which has these in this order, then perhaps others, and nothing else. */
function exactly(element: XmlElement, needed: string[], optional: string[] = []): XmlElement[] {
  const names = element.children.map(child => (child.namespace === SIGNATURE ? child.name : ''));
  const right = needed.every((name, index) => names[index] === name);
  const more = names.slice(needed.length);
  if (!right || more.length > optional.length || more.some((name, index) => name !== optional[index]))
    refuse('MISPLACED_SIGNATURE');
  return element.children;
}
