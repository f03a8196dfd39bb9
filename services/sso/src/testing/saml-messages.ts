import { randomUUID, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { SignedXml } from 'xml-crypto';
import { encrypt } from 'xml-encryption';

export interface SigningKey {
  privateKey: string;
  certificate: string;
}

/** What an identity provider says in a response. Times are milliseconds from now. */
export interface Says {
  issuer: string;
  responseIssuer: string;
  responseId: string;
  assertionId: string;
  destination: string;
  recipient: string;
  audience: string;
  /** null leaves it out. */
  inResponseTo: string | null;
  confirmedInResponseTo: string | null;
  status: string;
  method: string;
  nameId: string;
  nameIdFormat: string;
  sessionIndex: string;
  attributes: Record<string, string[]>;
  issued: number;
  notBefore: number;
  notOnOrAfter: number;
  confirmedUntil: number;
}

export const newId = () => `_${randomUUID()}`;
const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
export const escaped = (text: string) =>
  text.replace(/[&<>"\r]/g, character => `&#${character.codePointAt(0)};`);

const NAMESPACES =
  'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';

export function assertionXml(says: Says): string {
  const answers =
    says.confirmedInResponseTo === null ? '' : ` InResponseTo="${escaped(says.confirmedInResponseTo)}"`;
  const attributes = Object.entries(says.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${escaped(name)}">${values
        .map(value => `<saml:AttributeValue>${escaped(value)}</saml:AttributeValue>`)
        .join('')}</saml:Attribute>`,
  );
  return (
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${says.assertionId}" Version="2.0" IssueInstant="${at(says.issued)}">` +
    `<saml:Issuer>${escaped(says.issuer)}</saml:Issuer>` +
    `<saml:Subject><saml:NameID Format="${says.nameIdFormat}">${escaped(says.nameId)}</saml:NameID>` +
    `<saml:SubjectConfirmation Method="${says.method}"><saml:SubjectConfirmationData${answers} Recipient="${escaped(says.recipient)}" NotOnOrAfter="${at(says.confirmedUntil)}"/></saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions NotBefore="${at(says.notBefore)}" NotOnOrAfter="${at(says.notOnOrAfter)}"><saml:AudienceRestriction><saml:Audience>${escaped(says.audience)}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
    `<saml:AuthnStatement AuthnInstant="${at(says.issued)}" SessionIndex="${says.sessionIndex}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
    (attributes.length > 0
      ? `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement>`
      : '') +
    '</saml:Assertion>'
  );
}

/** @param content the assertion, or what stands in its place */
export function responseXml(says: Says, content: string): string {
  const answers = says.inResponseTo === null ? '' : ` InResponseTo="${escaped(says.inResponseTo)}"`;
  return (
    `<samlp:Response ${NAMESPACES} ID="${says.responseId}" Version="2.0" IssueInstant="${at(says.issued)}" Destination="${escaped(says.destination)}"${answers}>` +
    `<saml:Issuer>${escaped(says.responseIssuer)}</saml:Issuer>` +
    `<samlp:Status><samlp:StatusCode Value="${says.status}"/></samlp:Status>${content}</samlp:Response>`
  );
}

export interface SigningOptions {
  signatureAlgorithm?: string;
  digestAlgorithm?: string;
  canonicalization?: string;
  transforms?: string[];
}

/** Signs the element with this ID, in an enveloped signature after its issuer. */
export function signXml(
  xml: string,
  id: string,
  { privateKey, certificate }: SigningKey,
  options: SigningOptions = {},
): string {
  const element = `//*[@ID='${id}']`;
  const signed = new SignedXml({
    privateKey,
    publicCert: certificate,
    signatureAlgorithm: options.signatureAlgorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: options.canonicalization ?? 'http://www.w3.org/2001/10/xml-exc-c14n#',
  });
  signed.addReference({
    xpath: element,
    transforms: options.transforms ?? [
      'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
      'http://www.w3.org/2001/10/xml-exc-c14n#',
    ],
    digestAlgorithm: options.digestAlgorithm ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  signed.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${element}/*[local-name()='Issuer']`, action: 'after' },
  });
  return signed.getSignedXml();
}

export interface EncryptionOptions {
  content?: string;
  key?: string;
}

/** Encrypts an element for a certificate, as Keycloak does unless told otherwise. */
export async function encryptXml(
  xml: string,
  certificate: string,
  wrapper: 'EncryptedAssertion' | 'EncryptedID',
  options: EncryptionOptions = {},
): Promise<string> {
  const data = await promisify(encrypt)(xml, {
    rsa_pub: new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }),
    pem: certificate,
    encryptionAlgorithm: options.content ?? 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    ...(options.key
      ? { keyEncryptionAlgorithm: options.key }
      : {
          keyEncryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#rsa-oaep',
          keyEncryptionDigest: 'sha256',
          keyEncryptionMgf: 'sha256',
        }),
    disallowEncryptionWithInsecureAlgorithm: false,
    warnInsecureAlgorithm: false,
  } as Parameters<typeof encrypt>[1]);
  return `<saml:${wrapper} xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${data}</saml:${wrapper}>`;
}

export interface IssueOptions {
  key: SigningKey;
  sign?: 'assertion' | 'response' | 'both' | 'nothing';
  signing?: SigningOptions;
  /** The certificate of the service provider that the assertion is encrypted for. */
  encryptFor?: string;
  encryption?: EncryptionOptions;
}

/** A response as an identity provider makes it: the assertion signed, encrypted, then the response signed. */
export async function issueResponse(says: Says, options: IssueOptions): Promise<string> {
  const { key, sign = 'assertion', signing, encryptFor, encryption } = options;
  const plain = assertionXml(says);
  const signed = ['assertion', 'both'].includes(sign)
    ? signXml(plain, says.assertionId, key, signing)
    : plain;
  const content = encryptFor
    ? await encryptXml(signed, encryptFor, 'EncryptedAssertion', encryption)
    : signed;
  const response = responseXml(says, content);
  return ['response', 'both'].includes(sign) ? signXml(response, says.responseId, key, signing) : response;
}

export const inBase64 = (xml: string) => Buffer.from(xml).toString('base64');
