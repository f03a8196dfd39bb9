import { createHash } from 'node:crypto';
import { newId } from './saml-messages.ts';
import type { SamlScene } from './saml-scene.ts';

const ROOM = 256 * 1024;

/** Fills a response up to the largest body that is looked at, before a text of it. */
function filled(xml: string, before: string, piece: (index: number) => string): string {
  let filling = '';
  for (let index = 0; ; index++) {
    const next = piece(index);
    if (xml.length + filling.length + next.length > ROOM || index === 4_900) break;
    filling += next;
  }
  return xml.replace(before, () => filling + before);
}

const nested = (depth: number, inner: string) => `${'<x>'.repeat(depth)}${inner}${'</x>'.repeat(depth)}`;
const attributes = (count: number, value: string) =>
  Array.from({ length: count }, (_, index) => ` a${index}="${value}"`).join('');

/**
 * Bodies that cost most of those that are let in: each as large as may be, and signed by nobody, by a trusted key over other
 * bytes, or, which only the identity provider can do, over all of it.
 */
export async function hostileBodies(scene: SamlScene): Promise<Record<string, string>> {
  const says = async () => scene.saysOfAda({ attributes: {} });
  const signed = await scene.issue(await says(), { sign: 'both' });
  const status = '<samlp:Status>';
  const inAssertion = '<saml:Subject>';
  const namespaces = (index: number) =>
    `<n${index}:x xmlns:n${index}="urn:${createHash('sha256').update(String(index)).digest('hex').slice(0, 8)}"/>`;
  const fill = (before: string) => ({
    elements: filled(signed, before, () => '<x/>'),
    'nested elements': filled(signed, before, () => nested(30, '')),
    'text in one element': filled(signed, before, () => 'x'.repeat(1_000)),
    'text with references': filled(signed, before, () => '&amp;'.repeat(200)),
    attributes: filled(signed, before, () => `<x${attributes(60, '')}/>`),
    'long attributes': filled(signed, before, () => `<x a="${'&lt;'.repeat(200)}"/>`),
    IDs: filled(signed, before, () => `<x ID="${newId()}"/>`),
    namespaces: filled(signed, before, namespaces),
    'nested namespaces': filled(signed, before, index =>
      nested(30, '').replaceAll('<x>', `<x xmlns:p${index}="urn:p" p${index}:a="">`),
    ),
    '60 namespaces at a time': filled(
      signed,
      before,
      () => `<x${attributes(60, 'urn:x').replaceAll(' a', ' xmlns:a')}/>`,
    ),
  });
  const named = (kind: string, bodies: Record<string, string>) =>
    Object.fromEntries(Object.entries(bodies).map(([name, xml]) => [`${kind}: ${name}`, xml]));
  return {
    ...named('outside of what is signed', fill(status)),
    ...named('inside of what is signed', fill(inAssertion)),
    ...named(
      'signed by the identity provider',
      Object.fromEntries(
        await Promise.all(
          [10, 4_000].map(async length => {
            const groups = Array.from(
              { length: 4_000 },
              (_, index) => `group ${index} ${'x'.repeat(length === 10 ? 10 : 0)}`,
            );
            const values = length === 10 ? groups.slice(0, 3_000) : ['x'.repeat(240_000)];
            return [
              `${values.length} values`,
              await scene.issue(await scene.saysOfAda({ attributes: { groups: values } }), { sign: 'both' }),
            ];
          }),
        ),
      ),
    ),
  };
}
