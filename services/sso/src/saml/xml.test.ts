import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captured } from '../testing/saml-capture.ts';
import { assertionXml, responseXml, signXml } from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

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
      expect(await refusalOf(scene.check(change((await captured(scene, sign)).xml)))).toBe(
        'FORBIDDEN_MARKUP',
      );
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
    expect(await refusalOf(scene.check(change((await captured(scene)).xml)))).toBe('MALFORMED_MESSAGE');
  });

  it('bytes that are no UTF-8, and what is no base64', async () => {
    const bytes = Buffer.from((await captured(scene)).xml);
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
      'more than 2,500 elements',
      (xml: string) => xml.replace('<samlp:Status>', `<samlp:Status>${'<x/>'.repeat(2_500)}`),
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
    expect(await refusalOf(scene.check(change((await captured(scene)).xml)))).toBe('TOO_LARGE');
  });

  it('what is added around an assertion, or to what tells of its key, where no signature is over it', async () => {
    const { xml } = await captured(scene);
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
