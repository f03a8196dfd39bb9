import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { captured, SIGNATURE, without } from '../testing/saml-capture.ts';
import { signingKey } from '../testing/saml-keys.ts';
import { assertionXml, responseXml, signXml } from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

describe('a signature counts for nothing', () => {
  it('where there is none', async () => {
    expect(
      await refusalOf(scene.check(await scene.issue(await scene.saysOfAda(), { sign: 'nothing' }))),
    ).toBe('UNSIGNED');
  });

  it('where it was taken off, encrypted or not', async () => {
    const { xml } = await captured(scene);
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
    const { xml } = await captured(scene, sign);
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
    const { xml } = await captured(scene);
    const transformed = xml.replace('</ds:Transforms>', `${transform}</ds:Transforms>`);
    expect(await refusalOf(scene.check(transformed))).toBe('MISPLACED_SIGNATURE');
    const replaced = xml.replace(/<ds:Transform Algorithm="[^"]*exc-c14n#"\/>/, transform);
    expect(await refusalOf(scene.check(replaced))).toBe('WEAK_ALGORITHM');
  });

  it('where it has two values, digests, references or parts to be signed (CVE-2025-29774, CVE-2025-29775)', async () => {
    const { xml, signature } = await captured(scene);
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
    const { xml, says } = await captured(scene);
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
    const { xml, signature } = await captured(scene);
    for (const part of ['DigestValue', 'SignatureValue', 'SignedInfo', 'Reference']) {
      const detail = `<samlp:StatusDetail xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:${part}>${createHash('sha256').update(signature).digest('base64')}</ds:${part}></samlp:StatusDetail>`;
      expect(
        await refusalOf(scene.check(xml.replace('</samlp:Status>', `${detail}</samlp:Status>`))),
        part,
      ).toBe('MISPLACED_SIGNATURE');
    }
  });

  it('where an ID is there twice, also under another name of the attribute', async () => {
    const { xml, says } = await captured(scene);
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
