import { type ChainedEntry, entryFault, NOTHING_BEFORE } from './entry.ts';
import { addLeaf, rootOf } from './tree.ts';

/** How far a chain was followed. */
export interface ChainState {
  sequence: number;
  /** Of the last entry, in hex. */
  hash: string;
  /** See `addLeaf`. */
  peaks: Buffer[];
}

export const emptyChain = (): ChainState => ({ sequence: 0, hash: NOTHING_BEFORE, peaks: [] });

/**
 * Follows a chain by one entry.
 *
 * @param nodes as they are stored beside the entry, in hex; not compared where they are not given
 * @returns what is wrong with it; undefined where nothing is, and the state has moved on
 */
export function follow(
  state: ChainState,
  entry: ChainedEntry,
  nodes?: readonly string[],
): string | undefined {
  const { sequence, previous_hash, hash } = entry.chain;
  const expected = state.sequence + 1;
  if (sequence !== expected) {
    return sequence > expected
      ? `comes where entry ${expected} is missing`
      : `has number ${sequence}, which was before it already`;
  }
  const fault = entryFault(entry);
  if (fault) return fault;
  if (previous_hash !== state.hash) return 'does not follow the entry that stands before it';
  const completed = addLeaf(state.peaks, state.sequence, Buffer.from(hash, 'hex'));
  if (nodes && completed.map(node => node.toString('hex')).join() !== nodes.join())
    return 'has nodes of another tree beside it';
  state.sequence = sequence;
  state.hash = hash;
  return undefined;
}

/** The root of the tree over all entries so far, removed ones included, in hex. */
export const rootHash = ({ peaks }: Pick<ChainState, 'peaks'>): string => rootOf(peaks).toString('hex');
