import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SamlScene, samlScene } from '../testing/saml-scene.ts';
import { SamlRefusal } from './refusal.ts';

let scene: SamlScene;
beforeAll(async () => {
  scene = await samlScene();
});
afterAll(async () => await scene.stop());

const PIECES = [
  ...[
    '<',
    '>',
    '</',
    '/>',
    '"',
    "'",
    '&',
    ';',
    '=',
    ' ',
    '\n',
    '\r',
    '\t',
    '\u0000',
    '\u00a0',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
  ],
  ...[
    '<?x?>',
    '&amp;',
    '&#10;',
    '&#x40;',
    'xmlns=""',
    'xmlns:saml="urn:x"',
    'ID="_1"',
    'mallory',
    'saml:',
    'ds:',
    '#',
    '@',
  ],
];
const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
/** Text replaced, moved about or doubled, at places that are shares of its length. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at, piece: fc.constantFrom(...PIECES) }),
  fc.record({
    kind: fc.constant('replace' as const),
    at,
    length: fc.nat(20),
    piece: fc.constantFrom(...PIECES, ''),
  }),
  fc.record({ kind: fc.constant('copy' as const), at, to: at, length: fc.nat(2_000), moves: fc.boolean() }),
  fc.record({ kind: fc.constant('element' as const), at, to: at, moves: fc.boolean() }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(xml: string, change: Mutation): string {
  const start = Math.floor(change.at * xml.length);
  if (change.kind === 'insert') return xml.slice(0, start) + change.piece + xml.slice(start);
  if (change.kind === 'replace') return xml.slice(0, start) + change.piece + xml.slice(start + change.length);
  let [from, end] = [start, start + ('length' in change ? change.length : 0)];
  if (change.kind === 'element') {
    // From the next tag to its end, as who wraps a signature does it.
    from = xml.indexOf('<', start);
    const name = /^<([\w:]+)/.exec(xml.slice(from))?.[1];
    const close = name === undefined ? -1 : xml.indexOf(`</${name}>`, from);
    if (from < 0 || close < 0) return xml;
    end = close + `</${name}>`.length;
  }
  const part = xml.slice(from, end);
  const rest = change.moves ? xml.slice(0, from) + xml.slice(end) : xml;
  const raw = Math.floor(change.to * rest.length);
  const target = change.kind === 'element' ? Math.max(0, rest.indexOf('<', raw)) : raw;
  return rest.slice(0, target) + part + rest.slice(target);
}

it.each(['assertion', 'response', 'both'] as const)(
  'a response that was changed says what it said, or nothing, where the signature is over: %s',
  async sign => {
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async mutations => {
        const says = await scene.saysOfAda();
        const xml = await scene.issue(says, { sign });
        const changed = mutations.reduce(mutate, xml);
        const login = await scene.check(changed).catch(cause => {
          if (cause instanceof SamlRefusal) return undefined;
          throw cause;
        });
        if (!login) return;
        const { assertionId, inResponseTo, nameId, nameIdFormat, sessionIndex, attributes } = says;
        expect(login).toMatchObject({
          assertionId,
          inResponseTo,
          nameId,
          nameIdFormat,
          sessionIndex,
          attributes,
        });
        expect(Object.keys(login.attributes)).toEqual(Object.keys(attributes));
      }),
      { numRuns: 80 },
    );
  },
);
