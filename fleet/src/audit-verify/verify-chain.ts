import {
  type ChainState,
  ENTRY_COLUMNS,
  follow,
  NOTHING_BEFORE,
  rootHash,
  type StoredEntry,
  storedEntry,
  storedNodes,
} from '@rivergate/audit-chain';
import type { Client } from 'pg';

/** A head that somebody kept outside. */
export interface KeptHead {
  organization_id: number;
  sequence: number;
  root_hash: string;
}

export interface Verdict {
  organization: number;
  entries: number;
  /** What is wrong first; undefined where nothing is. */
  fault: string | undefined;
  /** The head as the entries have it. */
  head: KeptHead & { hash: string };
}

/** Entries that are held in memory at once. */
const BATCH = 2_000;

/**
 * Follows the chain of one organization from its start to its head, as they are at one moment.
 *
 * @param organization 0 for entries that belong to none
 * @param kept of this organization
 */
export async function verifyChain(
  database: Client,
  organization: number,
  kept: readonly KeptHead[],
  progress: (entries: number) => void,
): Promise<Verdict> {
  await database.query('begin isolation level repeatable read, read only');
  try {
    await database.query("select set_config('rivergate.scope', 'platform', true)");
    return await followed(database, organization, kept, progress);
  } finally {
    await database.query('rollback');
  }
}

async function followed(
  database: Client,
  organization: number,
  kept: readonly KeptHead[],
  progress: (entries: number) => void,
): Promise<Verdict> {
  const { rows: heads } = await database.query(
    'select * from organization.audit_heads where organization_id = $1',
    [organization],
  );
  const [head] = heads;
  const state: ChainState = {
    sequence: Number(head?.start_sequence ?? 0),
    hash: head?.start_hash.toString('hex') ?? NOTHING_BEFORE,
    peaks: head?.start_peaks ?? [],
  };
  const start = state.sequence;
  const waiting = kept.toSorted((left, right) => left.sequence - right.sequence);
  let entries = 0;
  const verdict = (fault: string | undefined): Verdict => {
    const { sequence, hash } = state;
    const found = { organization_id: organization, sequence, hash, root_hash: rootHash(state) };
    return { organization, entries, fault, head: found };
  };
  /** Whether what was kept of this place is what is there now. */
  const differs = () => {
    while (waiting[0] && waiting[0].sequence < state.sequence) waiting.shift();
    return waiting[0]?.sequence === state.sequence && waiting[0].root_hash !== rootHash(state);
  };

  if (!head) return verdict('has no audit log, although every organization has one');
  if (heads.length > 1) return verdict('has more than one head');
  // Entries that retention removed cannot be compared any more, but for where it stopped.
  if (differs()) return verdict(`was another log up to entry ${start}, as the head that was kept says`);
  for await (const row of entriesOf(database, organization)) {
    entries += 1;
    const fault = follow(state, storedEntry(row), storedNodes(row));
    if (fault) return verdict(`entry ${row.sequence} (id ${row.id}) ${fault}`);
    if (differs())
      return verdict(`was another log up to entry ${state.sequence}, as the head that was kept says`);
    if (entries % BATCH === 0) progress(entries);
  }
  const last = Number(head.sequence);
  if (state.sequence < last) return verdict(`ends at entry ${state.sequence}, and its head says ${last}`);
  const isHead =
    state.sequence === last &&
    head.hash.toString('hex') === state.hash &&
    rootHash({ peaks: head.peaks }) === rootHash(state);
  if (!isHead) return verdict('has a head that is not that of its entries');
  const beyond = waiting.find(({ sequence }) => sequence > state.sequence);
  return verdict(
    beyond && `ends at entry ${state.sequence}, and the head that was kept says ${beyond.sequence}`,
  );
}

/** All entries in the order of the chain, also those that claim the same place. */
async function* entriesOf(database: Client, organization: number): AsyncGenerator<StoredEntry> {
  const whose = organization === 0 ? 'organization_id is null' : `organization_id = ${organization}`;
  for (let after = [-1, -1]; ; ) {
    const { rows } = await database.query<StoredEntry>(
      `select ${ENTRY_COLUMNS.join(', ')}, nodes from organization.audit_log
       where ${whose} and sequence >= $1 and (sequence, id) > ($1, $2) order by sequence, id limit ${BATCH}`,
      after,
    );
    yield* rows;
    if (rows.length < BATCH) return;
    after = [Number(rows.at(-1)!.sequence), Number(rows.at(-1)!.id)];
  }
}

/** Whose chains there are, or ought to be: 0 for entries that belong to none. */
export async function chainsOf(database: Client): Promise<number[]> {
  await database.query("select set_config('rivergate.scope', 'platform', false)");
  const { rows } = await database.query(
    `select organization_id as id from organization.audit_heads
     union select coalesce(organization_id, 0) from organization.audit_log
     union select id from organization.organizations order by 1`,
  );
  return rows.map(({ id }) => Number(id));
}
