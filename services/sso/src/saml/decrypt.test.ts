import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../testing/saml-keys.ts';
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
