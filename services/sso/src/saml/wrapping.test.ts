import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captured, evil, inside, SIGNATURE, without } from '../testing/saml-capture.ts';
import { encryptXml, newId } from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

describe('signature wrapping is refused', () => {
  it('1: the signed response inside the signature of an evil one', async () => {
    const { xml, signature, says } = await captured(scene, 'response');
    const original = without(xml, SIGNATURE).replace(says.assertionId, newId());
    const wrapped = xml
      .replace(` ID="${says.responseId}"`, ` ID="${newId()}"`)
      .replace('ada@', 'mallory@')
      .replace(signature, inside(signature, '</ds:Signature>', `<ds:Object>${original}</ds:Object>`));
    expect(await refusalOf(scene.check(wrapped))).toBe('MISPLACED_SIGNATURE');
  });

  it('2: the signed response before the signature of an evil one', async () => {
    const { xml, signature, says } = await captured(scene, 'response');
    const original = without(xml, SIGNATURE).replace(says.assertionId, newId());
    const wrapped = xml
      .replace(` ID="${says.responseId}"`, ` ID="${newId()}"`)
      .replace('ada@', 'mallory@')
      .replace(signature, original + signature);
    expect(await refusalOf(scene.check(wrapped))).toBe('UNEXPECTED_MESSAGE');
  });

  it('3: an evil assertion before the signed one', async () => {
    const { xml, assertion } = await captured(scene);
    expect(await refusalOf(scene.check(xml.replace(assertion, evil(assertion) + assertion)))).toBe(
      'NOT_ONE_ASSERTION',
    );
  });

  it('4: the signed assertion inside an evil one', async () => {
    const { xml, assertion } = await captured(scene);
    const wrapped = inside(evil(assertion), '</saml:Assertion>', assertion);
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('NOT_ONE_ASSERTION');
  });

  it('5: an evil assertion with the signature, the signed one after it', async () => {
    const { xml, assertion, signature } = await captured(scene);
    const wrapped = evil(assertion).replace('</saml:Issuer>', `</saml:Issuer>${signature}`);
    const moved = xml.replace(assertion, wrapped + without(assertion, SIGNATURE));
    expect(await refusalOf(scene.check(moved))).toBe('MISPLACED_SIGNATURE');
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('MISPLACED_SIGNATURE');
  });

  it('6: the signed assertion inside the signature of an evil one', async () => {
    const { xml, assertion, signature } = await captured(scene);
    const original = without(assertion, SIGNATURE);
    const wrapped = evil(assertion).replace(
      '</saml:Issuer>',
      `</saml:Issuer>${inside(signature, '</ds:Signature>', original)}`,
    );
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('MISPLACED_SIGNATURE');
  });

  it('7: the signed assertion inside extensions', async () => {
    const { xml, assertion } = await captured(scene);
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
    const { xml, assertion, signature } = await captured(scene);
    const original = without(assertion, SIGNATURE);
    const holding = inside(signature, '</ds:Signature>', `<ds:Object>${original}</ds:Object>`);
    const wrapped = evil(assertion).replace('</saml:Issuer>', `</saml:Issuer>${holding}`);
    expect(await refusalOf(scene.check(xml.replace(assertion, wrapped)))).toBe('MISPLACED_SIGNATURE');
  });

  it('9: the signed assertion inside an attribute value, or in what is for a key', async () => {
    const { xml, assertion, signature } = await captured(scene);
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
    const { xml, assertion } = await captured(scene);
    const other = xml.replace(assertion, evil(assertion));
    expect(await refusalOf(scene.check(xml + other))).toBe('MALFORMED_MESSAGE');
    expect(await refusalOf(scene.check(other + xml))).toBe('MALFORMED_MESSAGE');
    expect(await refusalOf(scene.check(`<wrapper>${xml}${other}</wrapper>`))).toMatch(
      /UNEXPECTED_MESSAGE|NOT_ONE/,
    );
  });

  it('an evil assertion under another namespace or prefix, which libraries find by its local name', async () => {
    const { xml, assertion } = await captured(scene);
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
    const { xml, assertion } = await captured(scene);
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
    const { xml, assertion } = await captured(scene);
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
