import { type Range, rootOf, type Subtree, subtreesOf } from '@rivergate/audit-chain';
import type { Knex } from 'knex';
import type { AuditHead } from './audit-log.ts';

/** The head of a chain as it is stored. */
export interface HeadRow {
  organization_id: number;
  sequence: number;
  hash: Buffer;
  peaks: Buffer[];
  recorded_at: Date | number;
  start_sequence: number;
  start_hash: Buffer;
  start_peaks: Buffer[];
}

export async function headOf(db: Knex.Transaction, organizationId: number): Promise<HeadRow> {
  const found: HeadRow | undefined = await db('audit_heads')
    .where({ organization_id: organizationId })
    .first();
  // Each organization has an entry from its first moment on.
  if (!found) throw new Error(`The audit log of organization ${organizationId} has no head`);
  return found;
}

export function shownHead(head: HeadRow): AuditHead {
  return {
    organization_id: head.organization_id,
    sequence: head.sequence,
    hash: head.hash.toString('hex'),
    root_hash: rootOf(head.peaks).toString('hex'),
    recorded_at: head.recorded_at instanceof Date ? head.recorded_at.toISOString() : null,
    start_sequence: head.start_sequence,
    start_hash: head.start_hash.toString('hex'),
  };
}

const nameOf = ({ level, index }: Subtree) => `${level}/${index}`;

/**
 * The roots over these ranges of the log, each the hash of one step of a proof.
 *
 * @returns undefined where they lie among entries that retention removed
 */
export async function rootsOver(
  db: Knex.Transaction,
  head: HeadRow,
  ranges: readonly Range[],
): Promise<Buffer[] | undefined> {
  const known = new Map<string, Buffer>();
  for (const [place, subtree] of subtreesOf([0, head.start_sequence]).entries())
    known.set(nameOf(subtree), head.start_peaks[place]!);
  // The root of a subtree stands beside the entry that completes it.
  const wanted = ranges.flatMap(subtreesOf).filter(subtree => !known.has(nameOf(subtree)));
  const lastOf = ({ level, index }: Subtree) => (index + 1) * 2 ** level;
  const rows: { sequence: number; hash: Buffer; nodes: Buffer[] }[] = await db('audit_log')
    .where({ organization_id: head.organization_id })
    .whereIn('sequence', wanted.map(lastOf))
    .select('sequence', 'hash', 'nodes');
  const bySequence = new Map(rows.map(row => [row.sequence, [row.hash, ...row.nodes]]));
  for (const subtree of wanted) {
    const root = bySequence.get(lastOf(subtree))?.[subtree.level];
    if (root) known.set(nameOf(subtree), root);
  }
  const found = ranges.map(range => subtreesOf(range).map(subtree => known.get(nameOf(subtree))));
  return found.every(roots => roots.every(root => root !== undefined))
    ? found.map(roots => rootOf(roots as Buffer[]))
    : undefined;
}
