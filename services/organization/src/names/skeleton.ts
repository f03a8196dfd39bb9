import { readFileSync } from 'node:fs';

const PROTOTYPES = readPrototypes(readFileSync(new URL('confusables.txt', import.meta.url), 'utf8'));

/**
 * What a text looks like (UTS #39, section 4, `internalSkeleton`): two texts with one skeleton are easily taken for each
 * other. It is for comparison only, not for people to read.
 *
 * @param text in NFKC
 */
export function skeleton(text: string): string {
  const visible = text.normalize('NFD').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return Array.from(visible, character => PROTOTYPES.get(character) ?? character)
    .join('')
    .normalize('NFD');
}

function readPrototypes(table: string): ReadonlyMap<string, string> {
  const prototypes = new Map<string, string>();
  for (const line of table.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [prototype, characters] = line.split(' < ') as [string, string];
    for (const character of characters.split(' ')) prototypes.set(fromHex(character), fromHex(prototype));
  }
  return prototypes;
}

function fromHex(codePoints: string): string {
  return String.fromCodePoint(...codePoints.split('+').map(codePoint => Number.parseInt(codePoint, 16)));
}
