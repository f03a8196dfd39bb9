export { canonicalJson } from './canonical-json.ts';
export { type ChainedEntry, type EntryChain, entryFault, entryHash, NOTHING_BEFORE } from './entry.ts';
export { type ChainState, emptyChain, follow, rootHash } from './follow.ts';
export { chainedAuditLogStatements } from './log-table.ts';
export { LEAST_RETENTION_DAYS } from './retention-statements.ts';
export { ENTRY_COLUMNS, type StoredEntry, storedEntry, storedNodes } from './stored-entry.ts';
export {
  consistencyRanges,
  inclusionRanges,
  isConsistent,
  isIncluded,
  type Range,
  rootOf,
  type Subtree,
  subtreesOf,
} from './tree.ts';
