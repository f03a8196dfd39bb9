import { createHash } from 'node:crypto';

// Merkle trees as in RFC 9162, section 2.1: leaves are hashed with 0x00 before them, nodes with 0x01.

/** A range of leaves, from the first to before the second. */
export type Range = readonly [from: number, to: number];

/** A complete subtree: of 2^level leaves, the index-th of its size. */
export interface Subtree {
  level: number;
  index: number;
}

const half = (value: number) => Math.floor(value / 2);
const isOdd = (value: number) => value % 2 === 1;
const largestPowerBelow = (size: number) => 2 ** Math.ceil(Math.log2(size) - 1);

export function leafHash(content: string | Uint8Array): Buffer {
  return createHash('sha256').update('\0').update(content).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update('\x01').update(left).update(right).digest();
}

/**
 * Adds a leaf to a log of this size.
 *
 * @param peaks roots of the complete subtrees that the log falls into, the largest first; changed
 * @returns roots of the subtrees that the leaf completes, from two leaves upwards
 */
export function addLeaf(peaks: Buffer[], size: number, leaf: Buffer): Buffer[] {
  const completed: Buffer[] = [];
  let node = leaf;
  for (let rest = size; isOdd(rest); rest = half(rest)) {
    node = nodeHash(peaks.pop()!, node);
    completed.push(node);
  }
  peaks.push(node);
  return completed;
}

/** The root over the roots of neighbouring subtrees, the largest first; that of no leaves is the hash of nothing. */
export function rootOf(peaks: readonly Buffer[]): Buffer {
  if (peaks.length === 0) return createHash('sha256').digest();
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}

/** The complete subtrees that a range of leaves falls into, the largest first. */
export function subtreesOf([from, to]: Range): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = from; at < to; ) {
    const level = Math.floor(Math.log2(to - at));
    subtrees.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return subtrees;
}

/** The ranges whose roots prove that a leaf is in a log of this size (section 2.1.3.1), from the leaf upwards. */
export function inclusionRanges(leaf: number, size: number): Range[] {
  const within = (from: number, to: number): Range[] => {
    if (to - from === 1) return [];
    const middle = from + largestPowerBelow(to - from);
    return leaf < middle ? [...within(from, middle), [middle, to]] : [...within(middle, to), [from, middle]];
  };
  return within(0, size);
}

/** The ranges whose roots prove that a log of one size began as the smaller one was (section 2.1.4.1). */
export function consistencyRanges(smaller: number, size: number): Range[] {
  const within = (from: number, to: number, isWhole: boolean): Range[] => {
    if (to === smaller) return isWhole ? [] : [[from, to]];
    const middle = from + largestPowerBelow(to - from);
    return smaller <= middle
      ? [...within(from, middle, isWhole), [middle, to]]
      : [...within(middle, to, false), [from, middle]];
  };
  return within(0, size, true);
}

/** Whether a leaf is in the log with this root (section 2.1.3.2). */
export function isIncluded(
  leaf: Buffer,
  index: number,
  { size, root, path }: { size: number; root: Buffer; path: readonly Buffer[] },
): boolean {
  if (index < 0 || index >= size) return false;
  let [first, last, node] = [index, size - 1, leaf];
  for (const other of path) {
    if (last === 0) return false;
    if (isOdd(first) || first === last) {
      node = nodeHash(other, node);
      for (; !isOdd(first) && first > 0; first = half(first)) last = half(last);
    } else node = nodeHash(node, other);
    [first, last] = [half(first), half(last)];
  }
  return last === 0 && node.equals(root);
}

/** Whether a log began as the smaller one was (section 2.1.4.2). */
export function isConsistent(
  smaller: { size: number; root: Buffer },
  larger: { size: number; root: Buffer },
  path: readonly Buffer[],
): boolean {
  if (smaller.size === larger.size) return path.length === 0 && smaller.root.equals(larger.root);
  if (smaller.size < 1 || smaller.size > larger.size) return false;
  const isPower = Number.isInteger(Math.log2(smaller.size));
  const [begin, ...rest] = isPower ? [smaller.root, ...path] : path;
  if (!begin) return false;
  let [first, last] = [smaller.size - 1, larger.size - 1];
  for (; isOdd(first); first = half(first)) last = half(last);
  let [before, after] = [begin, begin];
  for (const other of rest) {
    if (last === 0) return false;
    if (isOdd(first) || first === last) {
      [before, after] = [nodeHash(other, before), nodeHash(other, after)];
      for (; !isOdd(first) && first > 0; first = half(first)) last = half(last);
    } else after = nodeHash(after, other);
    [first, last] = [half(first), half(last)];
  }
  return last === 0 && before.equals(smaller.root) && after.equals(larger.root);
}
