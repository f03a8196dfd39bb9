import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../testing/saml-keys.ts';
import {
  assertionXml,
  encryptXml,
  type IssueOptions,
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

describe('what anybody can encrypt, since the key for it is published', () => {
  const mallory = { nameId: 'mallory@example.com' };
  const sealed = (xml: string) => encryptXml(xml, scene.serviceProviderKey.certificate, 'EncryptedAssertion');
  const outcome = (xml: string, mustEncrypt = false) =>
    refusalOf(scene.check(xml, { identityProvider: { mustEncrypt } }));
  const evil = (says: Says) => assertionXml({ ...says, ...mallory, assertionId: `${says.assertionId}-2` });
  const signedOf = (says: Says, options: Partial<IssueOptions> = {}) =>
    signXml(assertionXml(says), says.assertionId, options.key ?? scene.key);

  it('counts as little as what is not encrypted: without a signature, or by another key', async () => {
    const says = await scene.saysOfAda();
    expect(await outcome(responseXml(says, await sealed(evil(says))))).toBe('UNSIGNED');
    const key = await signingKey('mallory');
    expect(await outcome(responseXml(says, await sealed(signedOf({ ...says, ...mallory }, { key }))))).toBe(
      'INVALID_SIGNATURE',
    );
  });
  it('is refused in place of what a response was signed with', async () => {
    const says = await scene.saysOfAda();
    const xml = await scene.issue(says, {
      sign: 'response',
      encryptFor: scene.serviceProviderKey.certificate,
    });
    const inner = /<saml:EncryptedAssertion[\s\S]*<\/saml:EncryptedAssertion>/.exec(xml)![0];
    expect(await outcome(xml.replace(inner, await sealed(evil(says))))).toBe('INVALID_SIGNATURE');
  });
  it('is refused beside another assertion, in either order', async () => {
    const says = await scene.saysOfAda();
    const [good, other] = [signedOf(says), await sealed(evil(says))];
    for (const content of [good + other, other + good, (await sealed(good)) + evil(says), other + other])
      expect(await outcome(responseXml(says, content))).toBe('NOT_ONE_ASSERTION');
  });
  it('is refused around or inside what was signed: a response, encryption once more, another assertion', async () => {
    const says = await scene.saysOfAda();
    const good = signedOf(says);
    const signature = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(good)![0];
    const bare = good.replace(signature, '');
    const wrapped: [string, string][] = [
      [await scene.issue(says, { sign: 'response' }), 'NOT_ONE_ASSERTION'],
      [await sealed(good), 'NOT_ONE_ASSERTION'],
      [`<x>${good}</x>`, 'NOT_ONE_ASSERTION'],
      [evil(says) + good, 'MALFORMED_MESSAGE'],
      // The signature of the one in the other, which has it aside or around it.
      [evil(says).replace('<saml:Subject>', `${signature}<saml:Subject>`), 'MISPLACED_SIGNATURE'],
      [
        evil(says).replace(
          '<saml:Subject>',
          `${signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`)}<saml:Subject>`,
        ),
        'MISPLACED_SIGNATURE',
      ],
      [
        evil(says).replace('</saml:Assertion>', `<saml:Advice>${good}</saml:Advice></saml:Assertion>`),
        'NOT_ONE_ASSERTION',
      ],
    ];
    for (const [content, code] of wrapped)
      expect([content.slice(0, 200), await outcome(responseXml(says, await sealed(content)))]).toEqual([
        content.slice(0, 200),
        code,
      ]);
  });
  it('does not stand for an encrypted assertion from another place of the response', async () => {
    const says = await scene.saysOfAda();
    const other = await sealed(evil(says));
    const beside = [
      responseXml(says, signedOf(says)).replace(
        '<samlp:Status>',
        `<samlp:Extensions>${other}</samlp:Extensions><samlp:Status>`,
      ),
      responseXml(says, signedOf(says)).replace(
        '</samlp:Status>',
        `<samlp:StatusDetail>${other}</samlp:StatusDetail></samlp:Status>`,
      ),
    ];
    for (const xml of beside) expect(await outcome(xml, true)).not.toBe('taken');
    expect(await outcome(responseXml(says, signedOf(says)), true)).toBe('NOT_ENCRYPTED');
    expect(await outcome(responseXml(says, await sealed(signedOf(says))), true)).toBe('taken');
  });
});
