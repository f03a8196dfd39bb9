import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captured } from '../testing/saml-capture.ts';
import { assertionXml, inBase64, newId, responseXml, signXml } from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

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
    const { xml } = await captured(scene);
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
    const { xml } = await captured(scene);
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
