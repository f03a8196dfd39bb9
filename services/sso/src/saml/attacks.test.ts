import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { signingKey } from '../testing/saml-keys.ts';
import {
  assertionXml,
  encryptXml,
  inBase64,
  newId,
  responseXml,
  type Says,
  signXml,
} from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

const ASSERTION = /<saml:Assertion[\s\S]*<\/saml:Assertion>/;
const SIGNATURE = /<ds:Signature[\s\S]*?<\/ds:Signature>/;
const assertionIn = (xml: string) => ASSERTION.exec(xml)![0];
const signatureIn = (xml: string) => SIGNATURE.exec(xml)![0];
const without = (xml: string, pattern: RegExp) => xml.replace(pattern, '');
/** What an attacker would like to be believed instead, under an ID of its own. */
const evil = (assertion: string, id = newId()) =>
  without(assertion, SIGNATURE)
    .replace(/ ID="[^"]*"/, ` ID="${id}"`)
    .replace('ada@example.com', 'mallory@example.com');
const inside = (outer: string, before: string, inner: string) => outer.replace(before, `${inner}${before}`);

/** The response, and the parts of it that are moved about. */
async function captured(sign: 'assertion' | 'response' = 'assertion', more: Partial<Says> = {}) {
  const says = await scene.saysOfAda(more);
  const xml = await scene.issue(says, { sign });
  return { says, xml, assertion: assertionIn(xml), signature: signatureIn(xml) };
}

describe('signature wrapping is refused', () => {
  it('1: the signed response inside the signature of an evil one', async () => {
    const { xml, signature, says } = await captured('response');
    const original = without(xml, SIGNATURE).replace(says.assertionId, newId());
    const wrapped = xml
      .replace(` ID="${says.responseId}"`, ` ID="${newId()}"`)
      .replace('ada@', 'mallory@')
      .replace(signature, inside(signature, '</ds:Signature>', `<ds:Object>${original}</ds:Object>`));
    expect(await refusalOf(scene.check(wrapped))).toBe('MISPLACED_SIGNATURE');
  });

  it('2: the signed response before the signature of an evil one', async () => {
    const { xml, signature, says } = await captured('response');
    const original = without(xml, SIGNATURE).replace(says.assertionId, newId());
    const wrapped = xml
      .replace(` ID="${says.responseId}"`, ` ID="${newId()}"`)
      .replace('ada@', 'mallory@')
      .replace(signature, original + signature);
    expect(await refusalOf(scene.check(wrapped))).toBe('UNEXPECTED_MESSAGE');
  });

  it('3: an evil assertion before the signed one', async () => {
    const { xml, assertion } = await captured();
    expect(await refusalOf(scene.check(xml.replace(assertion, evil(assertion) + assertion)))).toBe(
      'NOT_ONE_ASSERTION',
    );
  });

  it('4: the signed assertion inside an evil one', async () => {
    const { xml, assertion } = await captured();
    const wrapped = inside(evil(assertion), '</saml:Assertion>', assertion);
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('NOT_ONE_ASSERTION');
  });

  it('5: an evil assertion with the signature, the signed one after it', async () => {
    const { xml, assertion, signature } = await captured();
    const wrapped = evil(assertion).replace('</saml:Issuer>', `</saml:Issuer>${signature}`);
    const moved = xml.replace(assertion, wrapped + without(assertion, SIGNATURE));
    expect(await refusalOf(scene.check(moved))).toBe('MISPLACED_SIGNATURE');
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('MISPLACED_SIGNATURE');
  });

  it('6: the signed assertion inside the signature of an evil one', async () => {
    const { xml, assertion, signature } = await captured();
    const original = without(assertion, SIGNATURE);
    const wrapped = evil(assertion).replace(
      '</saml:Issuer>',
      `</saml:Issuer>${inside(signature, '</ds:Signature>', original)}`,
    );
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('MISPLACED_SIGNATURE');
  });

  it('7: the signed assertion inside extensions', async () => {
    const { xml, assertion } = await captured();
    const wrapped = xml.replace(
      assertion,
      `<samlp:Extensions>${assertion}</samlp:Extensions>${evil(assertion)}`,
    );
    expect(await refusalOf(scene.check(wrapped))).toBe('NOT_ONE_ASSERTION');
    const sameId = xml.replace(
      assertion,
      `<samlp:Extensions>${assertion}</samlp:Extensions>${evil(assertion, / ID="([^"]*)"/.exec(assertion)![1])}`,
    );
    expect(await refusalOf(scene.check(sameId))).toMatch(/DUPLICATE_ID|NOT_ONE_ASSERTION/);
  });

  it('8: the signed assertion inside an object of the signature', async () => {
    const { xml, assertion, signature } = await captured();
    const original = without(assertion, SIGNATURE);
    const holding = inside(signature, '</ds:Signature>', `<ds:Object>${original}</ds:Object>`);
    const wrapped = evil(assertion).replace('</saml:Issuer>', `</saml:Issuer>${holding}`);
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('MISPLACED_SIGNATURE');
  });

  it('9: the signed assertion inside an attribute value, or in what is for a key', async () => {
    const { xml, assertion, signature } = await captured();
    const inAttribute = inside(evil(assertion), '</saml:AttributeValue>', assertion);
    expect(await refusalOf(scene.check(xml.replace(assertion, inAttribute)))).toBe('NOT_ONE_ASSERTION');
    const inKey = inside(
      signature,
      '</ds:KeyInfo>',
      `<ds:KeyName>${without(assertion, SIGNATURE)}</ds:KeyName>`,
    );
    const wrapped = evil(assertion).replace('</saml:Issuer>', `</saml:Issuer>${inKey}`);
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('MISPLACED_SIGNATURE');
  });

  it('two roots, in either order', async () => {
    const { xml, assertion } = await captured();
    const other = xml.replace(assertion, evil(assertion));
    expect(await refusalOf(scene.check(xml + other))).toBe('MALFORMED_MESSAGE');
    expect(await refusalOf(scene.check(other + xml))).toBe('MALFORMED_MESSAGE');
    expect(await refusalOf(scene.check(`<wrapper>${xml}${other}</wrapper>`))).toMatch(
      /UNEXPECTED_MESSAGE|NOT_ONE/,
    );
  });

  it('an evil assertion under another namespace or prefix, which libraries find by its local name', async () => {
    const { xml, assertion } = await captured();
    const foreign = evil(assertion).replace(
      'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"',
      'xmlns:saml="urn:evil"',
    );
    expect(await refusalOf(scene.check(xml.replace(assertion, foreign + assertion)))).toBe(
      'NOT_ONE_ASSERTION',
    );
    expect(await refusalOf(scene.check(xml.replace(assertion, `<x>${foreign}</x>${assertion}`)))).toBe(
      'NOT_ONE_ASSERTION',
    );
  });

  it('an assertion beside an encrypted one', async () => {
    const { xml, assertion } = await captured();
    const encrypted = await encryptXml(
      evil(assertion),
      scene.serviceProviderKey.certificate,
      'EncryptedAssertion',
    );
    expect(await refusalOf(scene.check(xml.replace(assertion, encrypted + assertion)))).toBe(
      'NOT_ONE_ASSERTION',
    );
  });

  it('an encrypted assertion that holds wrapped ones, or more than an assertion', async () => {
    const { xml, assertion } = await captured();
    const { certificate } = scene.serviceProviderKey;
    for (const inner of [
      inside(evil(assertion), '</saml:Assertion>', assertion),
      `${evil(assertion)}${assertion}`,
      `<x>${assertion}</x>`,
      `<!DOCTYPE x>${assertion}`,
    ]) {
      const encrypted = await encryptXml(inner, certificate, 'EncryptedAssertion');
      expect(await refusalOf(scene.check(xml.replace(assertion, encrypted)))).toMatch(
        /NOT_ONE_ASSERTION|MALFORMED_MESSAGE|FORBIDDEN_MARKUP/,
      );
    }
  });
});

describe('a signature counts for nothing', () => {
  it('where there is none', async () => {
    expect(
      await refusalOf(scene.check(await scene.issue(await scene.saysOfAda(), { sign: 'nothing' }))),
    ).toBe('UNSIGNED');
  });

  it('where it was taken off, encrypted or not', async () => {
    const { xml } = await captured();
    expect(await refusalOf(scene.check(without(xml, SIGNATURE)))).toBe('UNSIGNED');
    const encryptFor = scene.serviceProviderKey.certificate;
    const encrypted = await scene.issue(await scene.saysOfAda(), { sign: 'nothing', encryptFor });
    expect(await refusalOf(scene.check(encrypted))).toBe('UNSIGNED');
  });

  it('where somebody else made it, although the message holds their certificate', async () => {
    const key = await signingKey('mallory');
    for (const sign of ['assertion', 'response', 'both'] as const) {
      const xml = await scene.issue(await scene.saysOfAda(), { key, sign });
      expect(await refusalOf(scene.check(xml))).toBe('INVALID_SIGNATURE');
    }
  });

  it('where one of two is bad, whichever', async () => {
    const key = await signingKey('mallory');
    const says = await scene.saysOfAda();
    const good = signXml(assertionXml(says), says.assertionId, scene.key);
    const bad = signXml(assertionXml(says), says.assertionId, key);
    const outerBad = signXml(responseXml(says, good), says.responseId, key);
    const innerBad = signXml(responseXml(says, bad), says.responseId, scene.key);
    expect(await refusalOf(scene.check(outerBad))).toBe('INVALID_SIGNATURE');
    expect(await refusalOf(scene.check(innerBad))).toBe('INVALID_SIGNATURE');
  });

  it.each(['assertion', 'response'] as const)('where what it is over was changed: %s', async sign => {
    const { xml } = await captured(sign);
    expect(await refusalOf(scene.check(xml.replace('ada@', 'mallory@')))).toBe('INVALID_SIGNATURE');
    expect(await refusalOf(scene.check(xml.replace('analysts', 'administrators')))).toBe('INVALID_SIGNATURE');
  });

  it.each([
    ['SHA-1', { signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }],
    ['a digest by SHA-1', { digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' }],
    [
      'canonicalization that depends on what is around',
      { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' },
    ],
    [
      'canonicalization that keeps comments',
      { canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments' },
    ],
  ])('where it is made with %s', async (_, signing) => {
    const xml = await scene.issue(await scene.saysOfAda(), { signing });
    expect(await refusalOf(scene.check(xml))).toBe('WEAK_ALGORITHM');
  });

  it('where a public certificate is its secret (HMAC confusion)', async () => {
    const says = await scene.saysOfAda();
    const xml = assertionXml(says);
    const signed = new SignedXml({
      privateKey: scene.key.certificate,
      signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
      canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
    });
    signed.enableHMAC();
    const element = `//*[@ID='${says.assertionId}']`;
    signed.addReference({
      xpath: element,
      transforms: [
        'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        'http://www.w3.org/2001/10/xml-exc-c14n#',
      ],
      digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
    });
    signed.computeSignature(xml, {
      prefix: 'ds',
      location: { reference: `${element}/*[local-name()='Issuer']`, action: 'after' },
    });
    expect(await refusalOf(scene.check(responseXml(says, signed.getSignedXml())))).toBe('WEAK_ALGORITHM');
  });

  it('where its algorithm is renamed to an allowed one, or to nothing', async () => {
    const xml = await scene.issue(await scene.saysOfAda(), {
      signing: { signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' },
    });
    const [weak, strong] = [
      'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
      'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    ];
    expect(await refusalOf(scene.check(xml.replace(weak, strong)))).toBe('INVALID_SIGNATURE');
    expect(await refusalOf(scene.check(xml.replace(weak, '')))).toBe('WEAK_ALGORITHM');
  });

  it.each([
    ['XPath', '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>'],
    ['XSLT', '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'],
    ['base64', '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>'],
  ])('where it transforms by %s', async (_, transform) => {
    const { xml } = await captured();
    const transformed = xml.replace('</ds:Transforms>', `${transform}</ds:Transforms>`);
    expect(await refusalOf(scene.check(transformed))).toBe('MISPLACED_SIGNATURE');
    const replaced = xml.replace(/<ds:Transform Algorithm="[^"]*exc-c14n#"\/>/, transform);
    expect(await refusalOf(scene.check(replaced))).toBe('WEAK_ALGORITHM');
  });

  it('where it has two values, digests, references or parts to be signed (CVE-2025-29774, CVE-2025-29775)', async () => {
    const { xml, signature } = await captured();
    const part = (name: string) => new RegExp(`<ds:${name}[ >][\\s\\S]*?</ds:${name}>`).exec(signature)![0];
    for (const name of ['SignedInfo', 'Reference', 'DigestValue', 'SignatureValue', 'Transforms'])
      expect(await refusalOf(scene.check(xml.replace(part(name), part(name) + part(name)))), name).toBe(
        'MISPLACED_SIGNATURE',
      );
    const digest = createHash('sha256').update('anything').digest('base64');
    const commented = xml.replace('<ds:DigestValue>', `<ds:DigestValue><!--${digest}-->`);
    expect(await refusalOf(scene.check(commented))).toBe('FORBIDDEN_MARKUP');
    const nested = xml.replace('<ds:DigestValue>', `<ds:DigestValue><x>${digest}</x>`);
    expect(await refusalOf(scene.check(nested))).toBe('MALFORMED_MESSAGE');
  });

  it('where it is about the whole document, another element, nothing, or something elsewhere', async () => {
    const { xml, says } = await captured();
    for (const uri of [
      '',
      '#',
      `#${says.responseId}`,
      'https://evil.test/',
      `#xpointer(id('${says.assertionId}'))`,
    ])
      expect(await refusalOf(scene.check(xml.replace(/ URI="[^"]*"/, ` URI="${uri}"`))), uri).toBe(
        'MISPLACED_SIGNATURE',
      );
    expect(await refusalOf(scene.check(xml.replace(/ URI="[^"]*"/, '')))).toBe('MISPLACED_SIGNATURE');
  });

  it('where parts of it stand elsewhere, to be found first (CVE-2024-45409)', async () => {
    const { xml, signature } = await captured();
    for (const part of ['DigestValue', 'SignatureValue', 'SignedInfo', 'Reference']) {
      const detail = `<samlp:StatusDetail xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:${part}>${createHash('sha256').update(signature).digest('base64')}</ds:${part}></samlp:StatusDetail>`;
      expect(
        await refusalOf(scene.check(xml.replace('</samlp:Status>', `${detail}</samlp:Status>`))),
        part,
      ).toBe('MISPLACED_SIGNATURE');
    }
  });

  it('where an ID is there twice, also under another name of the attribute', async () => {
    const { xml, says } = await captured();
    for (const name of ['ID', 'Id', 'id'])
      expect(
        await refusalOf(
          scene.check(xml.replace('<samlp:Status>', `<samlp:Status ${name}="${says.assertionId}">`)),
        ),
        name,
      ).toBe('DUPLICATE_ID');
    expect(await refusalOf(scene.check(xml.replaceAll(says.assertionId, `a' or '1'='1`)))).toBe(
      'MALFORMED_MESSAGE',
    );
  });
});

describe('what is written so that it is read in two ways is refused', () => {
  it.each([
    ['a comment in the name', (xml: string) => xml.replace('ada@', 'ada<!---->@')],
    [
      'a comment anywhere else',
      (xml: string) => xml.replace('<samlp:Status>', '<!-- here --><samlp:Status>'),
    ],
    ['a CDATA section', (xml: string) => xml.replace('ada@', '<![CDATA[ada]]>@')],
    ['a processing instruction', (xml: string) => xml.replace('ada@', 'ada<?x y?>@')],
    ['a document type', (xml: string) => `<!DOCTYPE Response>${xml}`],
    [
      'an external entity (XXE)',
      (xml: string) => `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${xml.replace('ada@', '&x;@')}`,
    ],
    [
      'a parameter entity',
      (xml: string) => `<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]>${xml}`,
    ],
    [
      'entities of entities (a billion laughs)',
      (xml: string) =>
        `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>${xml.replace('ada@', '&c;@')}`,
    ],
  ])('%s', async (_, change) => {
    for (const sign of ['assertion', 'response'] as const)
      expect(await refusalOf(scene.check(change((await captured(sign)).xml)))).toBe('FORBIDDEN_MARKUP');
  });

  it.each([
    ['an entity that nobody declared', (xml: string) => xml.replace('ada@', 'ada&nbsp;@')],
    ['an attribute twice', (xml: string) => xml.replace('<saml:NameID ', '<saml:NameID Format="x" ')],
    [
      'a prefix that is not bound',
      (xml: string) =>
        xml.replaceAll('<saml:NameID', '<evil:NameID').replaceAll('</saml:NameID', '</evil:NameID'),
    ],
    [
      'an attribute without quotes',
      (xml: string) => xml.replace('SessionIndex="session-1"', 'SessionIndex=session-1'),
    ],
    ['an end that does not fit', (xml: string) => xml.replace('</saml:NameID>', '</saml:Nameid>')],
    ['a character that XML has not', (xml: string) => xml.replace('ada@', 'ada\u0000@')],
    ['text around the document', (xml: string) => `text${xml}`],
    ['XML 1.1', (xml: string) => `<?xml version="1.1"?>${xml}`],
    ['another encoding', (xml: string) => `<?xml version="1.0" encoding="utf-7"?>${xml}`],
  ])('%s', async (_, change) => {
    expect(await refusalOf(scene.check(change((await captured()).xml)))).toBe('MALFORMED_MESSAGE');
  });

  it('bytes that are no UTF-8, and what is no base64', async () => {
    const bytes = Buffer.from((await captured()).xml);
    bytes[bytes.indexOf('ada@')] = 0xff;
    expect(await refusalOf(scene.checkPosted(bytes.toString('base64')))).toBe('MALFORMED_MESSAGE');
    for (const posted of ['', '*', 'PHg', 'PHg+\u0000', '====', 'PHgvPg==PHgvPg=='])
      expect(await refusalOf(scene.checkPosted(posted)), posted).toBe('MALFORMED_MESSAGE');
  });

  it('elements inside a name', async () => {
    const says = await scene.saysOfAda();
    const nested = assertionXml(says).replace('ada@example.com', 'ada@<x>evil.</x>example.com');
    const xml = responseXml(says, signXml(nested, says.assertionId, scene.key));
    expect(await refusalOf(scene.check(xml))).toBe('MALFORMED_MESSAGE');
  });
});

describe('bombs are refused', () => {
  it.each([
    ['more than 256 KB', (xml: string) => xml.replace('ada@', `${'a'.repeat(256 * 1024)}@`)],
    [
      'more than 5,000 elements',
      (xml: string) => xml.replace('<samlp:Status>', `<samlp:Status>${'<x/>'.repeat(5_000)}`),
    ],
    [
      'more than 40 levels',
      (xml: string) => xml.replace('<samlp:Status>', `<samlp:Status>${'<x>'.repeat(40)}${'</x>'.repeat(40)}`),
    ],
    [
      'more than 64 attributes on one element',
      (xml: string) =>
        xml.replace(
          '<samlp:Status>',
          `<samlp:Status ${Array.from({ length: 65 }, (_, index) => `a${index}=""`).join(' ')}>`,
        ),
    ],
    [
      'more than 64 namespaces on one element',
      (xml: string) =>
        xml.replace(
          '<samlp:Status>',
          `<samlp:Status ${Array.from({ length: 65 }, (_, index) => `xmlns:a${index}="b"`).join(' ')}>`,
        ),
    ],
  ])('%s', async (_, change) => {
    expect(await refusalOf(scene.check(change((await captured()).xml)))).toBe('TOO_LARGE');
  });

  it('what is added around an assertion, or to what tells of its key, where no signature is over it', async () => {
    const { xml } = await captured();
    const many = (name: string) => `<${name}/>`.repeat(301);
    const around = xml.replace('<samlp:Status>', `<samlp:Status>${many('x')}`);
    expect(await refusalOf(scene.check(around))).toBe('TOO_LARGE');
    expect(
      await refusalOf(scene.check(xml.replace('</ds:KeyInfo>', `${many('ds:KeyName')}</ds:KeyInfo>`))),
    ).toBe('TOO_LARGE');
    const encryptFor = scene.serviceProviderKey.certificate;
    const encrypted = await scene.issue(await scene.saysOfAda(), { encryptFor });
    const added = encrypted.replace('</saml:EncryptedAssertion>', `${many('x')}</saml:EncryptedAssertion>`);
    expect(await refusalOf(scene.check(added))).toBe('NOT_DECRYPTED');
  });

  it('base64 that is longer than any message, before it is decoded', async () => {
    expect(await refusalOf(scene.checkPosted('A'.repeat(1_000_000)))).toBe('TOO_LARGE');
  });
});

describe('a response that is signed, and is not for us, here, now, is refused', () => {
  it.each<[string, string, Partial<Says>]>([
    ['from another issuer', 'WRONG_ISSUER', { issuer: 'https://evil.test' }],
    ['from another issuer, says the envelope', 'WRONG_ISSUER', { responseIssuer: 'https://evil.test' }],
    ['for another recipient', 'WRONG_RECIPIENT', { recipient: 'https://other.test/acs' }],
    [
      'for a recipient that begins like us',
      'WRONG_RECIPIENT',
      { recipient: 'https://rivergate.test/sso/saml/1/acs/' },
    ],
    ['for another destination', 'WRONG_DESTINATION', { destination: 'https://other.test/acs' }],
    ['for another audience', 'WRONG_AUDIENCE', { audience: 'https://other.test' }],
    ['for no audience', 'WRONG_AUDIENCE', { audience: '' }],
    ['a failure', 'STATUS_NOT_SUCCESS', { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }],
    [
      'a success of another kind',
      'STATUS_NOT_SUCCESS',
      { status: 'urn:oasis:names:tc:SAML:2.0:status:Success ' },
    ],
    ['for who holds a key', 'NOT_BEARER', { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }],
    ['for who is vouched for', 'NOT_BEARER', { method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' }],
    ['whose conditions have ended', 'EXPIRED', { notOnOrAfter: -120_001 }],
    ['whose confirmation has ended', 'EXPIRED', { confirmedUntil: -120_001 }],
    ['whose conditions begin later', 'NOT_YET_VALID', { notBefore: 130_000 }],
    ['from the future', 'NOT_YET_VALID', { issued: 130_000 }],
    [
      'made hours ago, good for days',
      'EXPIRED',
      { issued: -7_200_000, notOnOrAfter: 1e9, confirmedUntil: 1e9 },
    ],
    ['without a name', 'INCOMPLETE_ASSERTION', { nameId: ' ' }],
    ['whose parts answer different requests', 'WRONG_IN_RESPONSE_TO', { confirmedInResponseTo: newId() }],
    [
      'of a request that was not made',
      'UNKNOWN_REQUEST',
      { inResponseTo: '_none', confirmedInResponseTo: '_none' },
    ],
  ])('%s', async (_, code, more) => {
    for (const sign of ['assertion', 'response', 'both'] as const)
      expect(await refusalOf(scene.check(await scene.issue(await scene.saysOfAda(more), { sign })))).toBe(
        code,
      );
  });

  it.each<[string, string, RegExp, string]>([
    ['without conditions', 'INCOMPLETE_ASSERTION', /<saml:Conditions[\s\S]*<\/saml:Conditions>/, ''],
    [
      'with conditions that never end',
      'INCOMPLETE_ASSERTION',
      /(<saml:Conditions [^>]*) NotOnOrAfter="[^"]*"/,
      '$1',
    ],
    [
      'without a restriction to an audience',
      'WRONG_AUDIENCE',
      /<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/,
      '',
    ],
    [
      'with another restriction beside ours',
      'WRONG_AUDIENCE',
      /<\/saml:Conditions>/,
      '<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction></saml:Conditions>',
    ],
    [
      'with conditions that nobody knows',
      'UNKNOWN_CONDITION',
      /<\/saml:Conditions>/,
      '<saml:Condition/></saml:Conditions>',
    ],
    ['with two of conditions', 'MALFORMED_MESSAGE', /(<saml:Conditions[\s\S]*<\/saml:Conditions>)/, '$1$1'],
    ['without a subject', 'INCOMPLETE_ASSERTION', /<saml:Subject>[\s\S]*<\/saml:Subject>/, ''],
    ['with two subjects', 'MALFORMED_MESSAGE', /(<saml:Subject>[\s\S]*<\/saml:Subject>)/, '$1$1'],
    ['with two names', 'MALFORMED_MESSAGE', /(<saml:NameID[\s\S]*<\/saml:NameID>)/, '$1$1'],
    [
      'with a confirmation that never ends',
      'INCOMPLETE_ASSERTION',
      /(<saml:SubjectConfirmationData [^>]*) NotOnOrAfter="[^"]*"/,
      '$1',
    ],
    ['with a confirmation without data', 'NOT_BEARER', /<saml:SubjectConfirmationData[^>]*>/, ''],
    [
      'without a statement that somebody signed in',
      'INCOMPLETE_ASSERTION',
      /<saml:AuthnStatement[\s\S]*<\/saml:AuthnStatement>/,
      '',
    ],
    [
      'of a session that has ended',
      'EXPIRED',
      /SessionIndex=/,
      'SessionNotOnOrAfter="2020-01-01T00:00:00Z" SessionIndex=',
    ],
    ['with a time that is none', 'MALFORMED_MESSAGE', /NotBefore="[^"]*"/, 'NotBefore="yesterday"'],
    [
      'with a time without a zone',
      'MALFORMED_MESSAGE',
      /NotBefore="[^"]*"/,
      'NotBefore="2020-01-01T00:00:00"',
    ],
    ['of SAML 1.1', 'MALFORMED_MESSAGE', /Version="2.0"/, 'Version="1.1"'],
    ['without an issuer', 'INCOMPLETE_ASSERTION', /<saml:Issuer>.*?<\/saml:Issuer>/, ''],
  ])('%s', async (_, code, pattern, replacement) => {
    const says = await scene.saysOfAda();
    const changed = assertionXml(says).replace(pattern, replacement);
    expect(changed).not.toBe(assertionXml(says));
    const xml = signXml(responseXml(says, changed), says.responseId, scene.key);
    expect(await refusalOf(scene.check(xml))).toBe(code);
  });

  it('another kind of message', async () => {
    const { xml, assertion } = await captured('response');
    expect(await refusalOf(scene.check(assertion))).toBe('UNEXPECTED_MESSAGE');
    const samlp = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"';
    for (const name of ['LogoutResponse', 'AuthnRequest'])
      expect(await refusalOf(scene.check(`<samlp:${name} ${samlp} ID="_1"/>`))).toBe('UNEXPECTED_MESSAGE');
    expect(await refusalOf(scene.check(xml.replaceAll('samlp:Response', 'samlp:ArtifactResponse')))).toBe(
      'UNEXPECTED_MESSAGE',
    );
    expect(await refusalOf(scene.check(xml.replaceAll('samlp:Response', 'saml:Response')))).toBe(
      'NOT_ONE_ASSERTION',
    );
  });
});

describe('what was not asked for is refused', () => {
  it('an IdP-initiated login, unless the provider allows it', async () => {
    const xml = await scene.issue(scene.says(null));
    expect(await refusalOf(scene.check(xml))).toBe('UNSOLICITED');
    expect(await scene.check(xml, { identityProvider: { idpInitiated: true } })).toMatchObject({
      inResponseTo: null,
      request: null,
    });
  });

  it('one that names a request that we do not know, although the provider may begin logins', async () => {
    const xml = await scene.issue(scene.says(newId()));
    expect(await refusalOf(scene.check(xml, { identityProvider: { idpInitiated: true } }))).toBe(
      'UNKNOWN_REQUEST',
    );
  });

  it('an answer off which the request was taken, and one onto which it was put, outside of what is signed', async () => {
    const { xml } = await captured();
    const stripped = xml.replace(/(<samlp:Response [^>]*) InResponseTo="[^"]*"/, '$1');
    expect(stripped).not.toBe(xml);
    // The signed part names the request, so that counts.
    expect(await scene.check(stripped)).toMatchObject({ request: 'state' });
    const unasked = await scene.issue(scene.says(null));
    const put = unasked.replace('<samlp:Response ', `<samlp:Response InResponseTo="${await scene.sent()}" `);
    for (const idpInitiated of [true, false])
      expect(await refusalOf(scene.check(put, { identityProvider: { idpInitiated } }))).toBe(
        'WRONG_IN_RESPONSE_TO',
      );
  });

  it('an answer of one provider to a request that another one got', async () => {
    const inResponseTo = await scene.sent();
    const entityId = 'https://other.test';
    const says = scene.says(inResponseTo, { issuer: entityId, responseIssuer: entityId });
    const xml = await scene.issue(says);
    expect(await refusalOf(scene.check(xml, { identityProvider: { entityId } }))).toBe('UNKNOWN_REQUEST');
  });
});

describe('what the confirmation does not say', () => {
  it('a signed response says of the request, and one that is not signed does not', async () => {
    const response = await scene.issue(await scene.saysOfAda({ confirmedInResponseTo: null }), {
      sign: 'response',
    });
    expect(await scene.check(response)).toMatchObject({ request: 'state' });
    const assertion = await scene.issue(await scene.saysOfAda({ confirmedInResponseTo: null }));
    expect(await refusalOf(scene.check(assertion))).toBe('WRONG_IN_RESPONSE_TO');
  });
});

it('what node-saml does not take as well is refused, although it is signed and in order', async () => {
  const says = await scene.saysOfAda();
  const unlike = assertionXml(says).replace('<saml:Audience>', '<saml:Audience/><saml:Audience>');
  const xml = responseXml(says, signXml(unlike, says.assertionId, scene.key));
  expect(await refusalOf(scene.check(xml))).toBe('LIBRARIES_DISAGREE');
});

describe('a response counts once', () => {
  it('of ten at once one is taken, whether it was asked for or not', async () => {
    for (const says of [await scene.saysOfAda(), scene.says(null)]) {
      const xml = await scene.issue(says);
      const ten = Array.from({ length: 10 }, () =>
        refusalOf(scene.check(xml, { identityProvider: { idpInitiated: true } })),
      );
      expect((await Promise.all(ten)).toSorted()).toEqual([...Array(9).fill('REPLAYED'), 'taken']);
    }
  });

  it('also wrapped anew, and when it is not signed as a whole in another response', async () => {
    const says = await scene.saysOfAda();
    const xml = await scene.issue(says);
    expect(await scene.check(xml)).toMatchObject({ nameId: 'ada@example.com' });
    const rewrapped = xml.replace(says.responseId, newId());
    expect(await refusalOf(scene.check(rewrapped))).toBe('REPLAYED');
  });

  it('of ten assertions that answer one request one is taken', async () => {
    const inResponseTo = await scene.sent();
    const ten = Array.from({ length: 10 }, async () =>
      refusalOf(scene.check(await scene.issue(scene.says(inResponseTo)))),
    );
    expect((await Promise.all(ten)).toSorted()).toEqual([...Array(9).fill('UNKNOWN_REQUEST'), 'taken']);
  });

  it('and none where Redis cannot be asked', async () => {
    const { xml } = await captured();
    const other = await samlScene();
    try {
      other.redis.disconnect();
      const { identityProvider, serviceProvider } = scene;
      await expect(
        other.checkPosted(inBase64(xml), { identityProvider, serviceProvider }),
      ).rejects.not.toBeInstanceOf(TypeError);
      await expect(
        refusalOf(other.checkPosted(inBase64(xml), { identityProvider, serviceProvider })),
      ).rejects.toThrow();
    } finally {
      await other.stop();
    }
  });
});

describe('what is encrypted is refused', () => {
  it.each([
    ['without authentication (CBC)', { content: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc' }],
    ['with Triple-DES', { content: 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc' }],
    ['with a key under RSA 1.5', { key: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' }],
  ])('%s', async (_, encryption) => {
    const encryptFor = scene.serviceProviderKey.certificate;
    const xml = await scene.issue(await scene.saysOfAda(), { encryptFor, encryption });
    expect(await refusalOf(scene.check(xml))).toBe('WEAK_ENCRYPTION');
  });

  it('for somebody else, and changed, with one refusal for both', async () => {
    const { certificate } = await signingKey('another service provider');
    const other = await scene.issue(await scene.saysOfAda(), { encryptFor: certificate });
    expect(await refusalOf(scene.check(other))).toBe('NOT_DECRYPTED');
    const encryptFor = scene.serviceProviderKey.certificate;
    const xml = await scene.issue(await scene.saysOfAda(), { encryptFor });
    const values = [...xml.matchAll(/CipherValue>\s*([^<\s]+)/g)].map(([, value]) => value!);
    expect(values).toHaveLength(2);
    for (const value of values) {
      const bytes = Buffer.from(value, 'base64');
      bytes[20]! ^= 1;
      expect(await refusalOf(scene.check(xml.replace(value, bytes.toString('base64'))))).toBe(
        'NOT_DECRYPTED',
      );
      expect(await refusalOf(scene.check(xml.replace(value, bytes.subarray(0, 20).toString('base64'))))).toBe(
        'NOT_DECRYPTED',
      );
    }
  });

  it('twice over, or with a second key', async () => {
    const encryptFor = scene.serviceProviderKey.certificate;
    const xml = await scene.issue(await scene.saysOfAda(), { encryptFor });
    const key = /<e:EncryptedKey[\s\S]*<\/e:EncryptedKey>/.exec(xml)![0];
    expect(await refusalOf(scene.check(xml.replace(key, key + key)))).toBe('NOT_DECRYPTED');
  });
});
