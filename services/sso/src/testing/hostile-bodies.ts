import { newId } from './saml-messages.ts';
import type { SamlScene } from './saml-scene.ts';

const ROOM = 256 * 1024;
/** Values of attributes that a response can have beside what it needs. */
export const MOST_VALUES = 2_450;

/** Fills a response up to the largest body that is looked at, before a text of it. */
function filled(xml: string, before: string, piece: (index: number) => string): string {
  let filling = '';
  for (let index = 0; index < 2_400; index++) {
    const next = piece(index);
    if (xml.length + filling.length + next.length > ROOM) break;
    filling += next;
  }
  return xml.replace(before, () => filling + before);
}

const nested = (depth: number, inner: string) => `${'<x>'.repeat(depth)}${inner}${'</x>'.repeat(depth)}`;
const attributes = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => ` ${name}${index}="urn:x"`).join('');

const FILLINGS: Record<string, (index: number) => string> = {
  elements: () => '<x/>',
  'nested elements': () => nested(30, ''),
  text: () => 'x'.repeat(1_000),
  references: () => '&amp;'.repeat(200),
  attributes: () => `<x${attributes(60, 'a')}/>`,
  'few attributes on many elements': () => `<x${attributes(3, 'a')}/>`,
  'long attributes': () => `<x a="${'&lt;'.repeat(200)}"/>`,
  IDs: () => `<x ID="${newId()}"/>`,
  namespaces: index => `<n${index}:x xmlns:n${index}="urn:${index}"/>`,
  'nested namespaces': index => nested(30, '').replaceAll('<x>', `<x xmlns:p="urn:${index}" p:a="">`),
  'namespaces, 60 at a time': () => `<x${attributes(60, 'xmlns:a')}/>`,
};

/**
 * Bodies that cost most of those that somebody can make who is no identity provider, anew at each call: as large as may be,
 * around and inside of what was signed by a trusted key.
 */
export function hostileBodies(scene: SamlScene): Record<string, () => Promise<string>> {
  const places = [
    ['in a signed response', 'response', '<samlp:Status>'],
    ['around a signed assertion', 'assertion', '<samlp:Status>'],
    ['in a signed assertion', 'assertion', '<saml:Subject>'],
    ['in the key of a signature', 'assertion', '<ds:X509Data>'],
  ] as const;
  const bodies = places.flatMap(([place, sign, before]) =>
    Object.entries(FILLINGS).map(([what, piece]) => {
      const make = async () => filled(await scene.issue(await scene.saysOfAda(), { sign }), before, piece);
      return [`${place}: ${what}`, make] as const;
    }),
  );
  return Object.fromEntries(bodies);
}
