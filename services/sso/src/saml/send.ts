import { createSign, randomUUID } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';
import {
  ASSERTION,
  ENVELOPED_SIGNATURE,
  EXCLUSIVE_CANONICALIZATION,
  PROTOCOL,
  RSA_SHA256,
  SHA256,
} from './names.ts';
import type { KeyPair, ServiceProvider } from './parties.ts';
import { element, type XmlText } from './xml-text.ts';

/** How a browser is sent to an identity provider: to a URL, or with a form that it posts. */
export type Sending =
  | { binding: 'redirect'; url: string }
  | { binding: 'post'; url: string; fields: Record<string, string> };

export interface MessageToSend {
  field: 'SAMLRequest' | 'SAMLResponse';
  id: string;
  xml: string;
  /** What comes back as it is. At most 80 bytes (SAML Bindings, section 3.4.3). */
  relayState?: string;
}

/** An xs:ID that nobody guesses. */
export const newMessageId = () => `_${randomUUID()}`;

/** A message of ours: its attributes, its issuer, and what it says. */
export function message(
  name: string,
  id: string,
  { entityId }: ServiceProvider,
  attributes: Record<string, string | undefined>,
  ...content: (XmlText | undefined)[]
): string {
  return element(
    `samlp:${name}`,
    {
      'xmlns:samlp': PROTOCOL,
      'xmlns:saml': ASSERTION,
      ID: id,
      Version: '2.0',
      IssueInstant: new Date().toISOString(),
      ...attributes,
    },
    element('saml:Issuer', {}, entityId),
    ...content,
  ).xml;
}

/** Sends a message in a URL; the signature is over the query as it is written (SAML Bindings, section 3.4.4.1). */
export function byRedirect(url: string, { field, xml, relayState }: MessageToSend, key?: KeyPair): Sending {
  const parameters: [string, string][] = [[field, deflateRawSync(xml).toString('base64')]];
  if (relayState !== undefined) parameters.push(['RelayState', relayState]);
  if (key) parameters.push(['SigAlg', RSA_SHA256]);
  let query = parameters.map(([name, value]) => `${name}=${encoded(value)}`).join('&');
  if (key) {
    const signature = createSign('sha256').update(query).sign(key.privateKey, 'base64');
    query += `&Signature=${encoded(signature)}`;
  }
  return { binding: 'redirect', url: `${url}${url.includes('?') ? '&' : '?'}${query}` };
}

/** As no browser writes it otherwise on its way, which a signature would not survive. */
const encoded = (value: string) =>
  encodeURIComponent(value).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Sends a message in a form; the signature stands in it (SAML Bindings, section 3.5.4). */
export function byPost(url: string, { field, id, xml, relayState }: MessageToSend, key?: KeyPair): Sending {
  const text = key ? signed(xml, id, key) : xml;
  return {
    binding: 'post',
    url,
    fields: {
      [field]: Buffer.from(text).toString('base64'),
      ...(relayState !== undefined && { RelayState: relayState }),
    },
  };
}

function signed(xml: string, id: string, { privateKey, certificate }: KeyPair): string {
  const signature = new SignedXml({
    privateKey,
    publicCert: certificate,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXCLUSIVE_CANONICALIZATION,
  });
  signature.addReference({
    xpath: `/*[@ID='${id}']`,
    transforms: [ENVELOPED_SIGNATURE, EXCLUSIVE_CANONICALIZATION],
    digestAlgorithm: SHA256,
  });
  const location = { reference: `/*/*[local-name()='Issuer']`, action: 'after' } as const;
  signature.computeSignature(xml, { prefix: 'ds', location });
  return signature.getSignedXml();
}
