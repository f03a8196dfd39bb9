import { newId, type Says } from './saml-messages.ts';
import type { SamlScene } from './saml-scene.ts';

const ASSERTION = /<saml:Assertion[\s\S]*<\/saml:Assertion>/;
export const SIGNATURE = /<ds:Signature[\s\S]*?<\/ds:Signature>/;
const assertionIn = (xml: string) => ASSERTION.exec(xml)![0];
const signatureIn = (xml: string) => SIGNATURE.exec(xml)![0];
export const without = (xml: string, pattern: RegExp) => xml.replace(pattern, '');
/** What an attacker would like to be believed instead, under an ID of its own. */
export const evil = (assertion: string, id = newId()) =>
  without(assertion, SIGNATURE)
    .replace(/ ID="[^"]*"/, ` ID="${id}"`)
    .replace('ada@example.com', 'mallory@example.com');
export const inside = (outer: string, before: string, inner: string) =>
  outer.replace(before, `${inner}${before}`);

/** The response, and the parts of it that are moved about. */
export async function captured(
  scene: SamlScene,
  sign: 'assertion' | 'response' = 'assertion',
  more: Partial<Says> = {},
) {
  const says = await scene.saysOfAda(more);
  const xml = await scene.issue(says, { sign });
  return { says, xml, assertion: assertionIn(xml), signature: signatureIn(xml) };
}
