import { describe, expect, it } from 'vitest';
import {
  addLeaf,
  consistencyRanges,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  type Range,
  rootOf,
  subtreesOf,
} from './tree.ts';

/** Leaves and roots that implementations of Certificate Transparency are tested with. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** A log of so many leaves, with the roots at all sizes and every complete subtree. */
function logOf(leaves: Buffer[]) {
  const peaks: Buffer[] = [];
  const roots = [rootOf(peaks)];
  const subtrees = new Map<string, Buffer>();
  for (const [size, leaf] of leaves.entries()) {
    for (const [above, node] of [leaf, ...addLeaf(peaks, size, leaf)].entries())
      subtrees.set(`${above}/${(size + 1) / 2 ** above - 1}`, node);
    roots.push(rootOf(peaks));
  }
  const pathOf = (ranges: readonly Range[]) =>
    ranges.map(range =>
      rootOf(subtreesOf(range).map(({ level, index }) => subtrees.get(`${level}/${index}`)!)),
    );
  return { roots, pathOf };
}

it('has the roots that Certificate Transparency has', () => {
  const { roots } = logOf(LEAVES.map(hex => leafHash(Buffer.from(hex, 'hex'))));
  expect(roots.map(root => root.toString('hex'))).toEqual(ROOTS);
});

describe('proofs in logs of up to 70 leaves', () => {
  const leaves = Array.from({ length: 70 }, (_, index) => leafHash(`${index}`));
  const { roots, pathOf } = logOf(leaves);

  it('show each leaf in each log that has it, and in no other place', () => {
    for (let size = 1; size <= leaves.length; size++)
      for (let index = 0; index < size; index++) {
        const path = pathOf(inclusionRanges(index, size));
        const proof = { size, root: roots[size]!, path };
        expect(isIncluded(leaves[index]!, index, proof)).toBe(true);
        expect(isIncluded(leaves[index]!, (index + 1) % size, proof)).toBe(size === 1);
        expect(isIncluded(leaves[(index + 1) % 70]!, index, proof)).toBe(false);
        expect(isIncluded(leaves[index]!, index, { ...proof, root: roots[size - 1]! })).toBe(false);
        expect(isIncluded(leaves[index]!, index, { ...proof, path: [...path, roots[1]!] })).toBe(false);
        if (size > 1)
          expect(isIncluded(leaves[index]!, index, { ...proof, path: path.slice(1) })).toBe(false);
      }
  });

  it('show that each log began as each smaller one, and as no other', () => {
    for (let size = 1; size <= leaves.length; size++)
      for (let smaller = 1; smaller <= size; smaller++) {
        const path = pathOf(consistencyRanges(smaller, size));
        const after = { size, root: roots[size]! };
        expect(isConsistent({ size: smaller, root: roots[smaller]! }, after, path)).toBe(true);
        expect(isConsistent({ size: smaller, root: roots[smaller - 1]! }, after, path)).toBe(false);
        expect(
          isConsistent({ size: smaller, root: roots[smaller]! }, { size, root: roots[size - 1]! }, path),
        ).toBe(false);
      }
  });
});
