import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captured } from '../testing/saml-capture.ts';
import { assertionXml, newId, responseXml, type Says, signXml } from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

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
    const { xml, assertion } = await captured(scene, 'response');
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
