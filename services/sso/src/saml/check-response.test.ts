import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../testing/saml-keys.ts';
import { assertionXml, encryptXml, responseXml, signXml } from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

const SIGNED = ['assertion', 'response', 'both'] as const;

describe('a login is taken', () => {
  it.each(SIGNED)('where the signature is over: %s', async sign => {
    const says = scene.says(await scene.sent('where it goes on'));
    expect(await scene.check(await scene.issue(says, { sign }))).toEqual({
      assertionId: says.assertionId,
      issuer: 'https://idp.test',
      nameId: 'ada@example.com',
      nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      sessionIndex: 'session-1',
      sessionNotOnOrAfter: null,
      notOnOrAfter: expect.any(Date),
      authnInstant: expect.any(Date),
      authnContext: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
      inResponseTo: says.inResponseTo,
      request: 'where it goes on',
      attributes: { displayName: ['Ada Lovelace'], groups: ['analysts', 'mathematicians'] },
    });
  });

  it.each(SIGNED)('encrypted as Keycloak does by default, where the signature is over: %s', async sign => {
    const encryptFor = scene.serviceProviderKey.certificate;
    const xml = await scene.issue(await scene.saysOfAda(), { sign, encryptFor });
    expect(xml).not.toContain('ada@example.com');
    expect(await scene.check(xml)).toMatchObject({ nameId: 'ada@example.com' });
  });

  it.each(['http://www.w3.org/2009/xmlenc11#aes128-gcm', 'http://www.w3.org/2009/xmlenc11#aes256-gcm'])(
    'encrypted with %s under RSA-OAEP with SHA-1',
    async content => {
      const encryptFor = scene.serviceProviderKey.certificate;
      const encryption = { content, key: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p' };
      const xml = await scene.issue(await scene.saysOfAda(), { encryptFor, encryption });
      expect(await scene.check(xml)).toMatchObject({ nameId: 'ada@example.com' });
    },
  );

  it('of a person whose name alone is encrypted', async () => {
    const says = await scene.saysOfAda();
    const nameId = /<saml:NameID.*<\/saml:NameID>/;
    const plain = assertionXml(says);
    const inner = nameId
      .exec(plain)![0]
      .replace('<saml:NameID ', '<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ');
    const encrypted = await encryptXml(inner, scene.serviceProviderKey.certificate, 'EncryptedID');
    const assertion = signXml(plain.replace(nameId, encrypted), says.assertionId, scene.key);
    expect(await scene.check(responseXml(says, assertion))).toMatchObject({ nameId: 'ada@example.com' });
  });

  it('by RSA with SHA-512', async () => {
    const signing = {
      signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
      digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha512',
    };
    const xml = await scene.issue(await scene.saysOfAda(), { signing });
    expect(await scene.check(xml)).toMatchObject({ nameId: 'ada@example.com' });
  });

  it('with what XML has to be escaped, and with whatever letters', async () => {
    const nameId = `<"O'Brien" & Søn>\r\n\t😀 ${'x'.repeat(200)}`;
    const attributes = {
      'a "b" <c>': [nameId, ''],
      __proto__x: ['1'],
      constructor: ['2'],
      ['__proto__']: ['3'],
    };
    for (const sign of SIGNED) {
      const login = await scene.check(
        await scene.issue(await scene.saysOfAda({ nameId, attributes }), { sign }),
      );
      expect(login.nameId).toBe(nameId);
      expect(Object.entries(login.attributes)).toEqual(Object.entries(attributes));
    }
  });

  it('in lines that a mailer might break, with an XML declaration', async () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\r\n${await scene.issue(await scene.saysOfAda())}\r\n`;
    const lines = Buffer.from(xml).toString('base64').replace(/.{76}/g, '$&\r\n');
    expect(await scene.checkPosted(lines)).toMatchObject({ nameId: 'ada@example.com' });
  });

  it('within two minutes by which clocks differ', async () => {
    const slow = await scene.saysOfAda({ notOnOrAfter: -100_000, confirmedUntil: -100_000 });
    const fast = await scene.saysOfAda({ issued: 100_000, notBefore: 100_000 });
    for (const says of [slow, fast])
      expect(await scene.check(await scene.issue(says))).toMatchObject({ nameId: 'ada@example.com' });
  });

  it('by the second confirmation, where the first is for somebody else', async () => {
    const says = await scene.saysOfAda();
    const plain = assertionXml(says);
    const confirmation = /<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/.exec(plain)![0];
    const other = confirmation.replace(says.recipient, 'https://other.test/acs');
    const signed = signXml(plain.replace(confirmation, other + confirmation), says.assertionId, scene.key);
    expect(await scene.check(responseXml(says, signed))).toMatchObject({ nameId: 'ada@example.com' });
  });
});

describe('keys change without a login that fails', () => {
  it('of the identity provider: each of its certificates is trusted, and none that was taken away', async () => {
    const next = await signingKey('next');
    const both = [scene.key.certificate, next.certificate];
    for (const key of [scene.key, next]) {
      const xml = await scene.issue(await scene.saysOfAda(), { key });
      expect(await scene.check(xml, { identityProvider: { certificates: both } })).toMatchObject({
        request: 'state',
      });
    }
    const old = await scene.issue(await scene.saysOfAda());
    expect(
      await refusalOf(scene.check(old, { identityProvider: { certificates: [next.certificate] } })),
    ).toBe('INVALID_SIGNATURE');
  });

  it('of ours: what was encrypted for an older one is still read', async () => {
    const next = await signingKey('next');
    const keys = [next, scene.serviceProviderKey];
    for (const { certificate } of keys) {
      const xml = await scene.issue(await scene.saysOfAda(), { encryptFor: certificate });
      expect(await scene.check(xml, { serviceProvider: { keys } })).toMatchObject({ request: 'state' });
    }
  });

  it('although a certificate of the identity provider has expired: its key is what is trusted', async () => {
    const key = await signingKey('old', { notAfterDate: new Date('2020-01-01') });
    const xml = await scene.issue(await scene.saysOfAda(), { key });
    const certificates = [key.certificate];
    expect(await scene.check(xml, { identityProvider: { certificates } })).toMatchObject({
      request: 'state',
    });
  });
});

it('a refusal says nothing of what the message holds', async () => {
  const xml = await scene.issue(await scene.saysOfAda({ audience: 'https://other.test' }));
  const refusal: Error = await scene.check(xml).then(
    () => expect.fail('taken'),
    cause => cause,
  );
  expect(JSON.stringify([refusal, refusal.message, refusal.cause])).not.toMatch(/ada@|other\.test|session-1/);
});
