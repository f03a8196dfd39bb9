import type { ChainedEntry } from './entry.ts';

/** A row of a chained audit log, as pg reads it. */
export interface StoredEntry extends Omit<ChainedEntry, 'created_at' | 'chain'> {
  personal: Record<string, unknown> | null;
  created_at: Date;
  sequence: number;
  recorded_at: Date;
  origin_salt: string | null;
  origin_hash: Buffer;
  personal_salt: string | null;
  personal_hash: Buffer | null;
  previous_hash: Buffer;
  hash: Buffer;
  nodes?: Buffer[];
}

/** What `storedEntry` reads. */
export const ENTRY_COLUMNS = [
  'id',
  'action',
  'organization_id',
  'actor',
  'actor_user_id',
  'impersonator_user_id',
  'subject',
  'ip_address',
  'user_agent',
  'request_id',
  'metadata',
  'personal',
  'created_at',
  'event_id',
  'sequence',
  'recorded_at',
  'origin_salt',
  'origin_hash',
  'personal_salt',
  'personal_hash',
  'previous_hash',
  'hash',
] as const satisfies readonly (keyof StoredEntry)[];

const numberOf = (id: unknown) => (id === null ? null : Number(id));
const saltOf = (uuid: string | null) => uuid?.replaceAll('-', '') ?? null;

/** An entry as it is shown: with its personal data, where that was not erased, among the rest. */
export function storedEntry(row: StoredEntry): ChainedEntry {
  return {
    id: Number(row.id),
    action: row.action,
    organization_id: numberOf(row.organization_id),
    actor: row.actor,
    actor_user_id: numberOf(row.actor_user_id),
    impersonator_user_id: numberOf(row.impersonator_user_id),
    subject: row.subject,
    ip_address: row.ip_address,
    user_agent: row.user_agent,
    request_id: row.request_id,
    metadata: { ...row.metadata, ...row.personal },
    created_at: row.created_at.toISOString(),
    event_id: row.event_id,
    chain: {
      sequence: Number(row.sequence),
      recorded_at: row.recorded_at.toISOString(),
      personal: Object.keys(row.personal ?? {}),
      origin_salt: saltOf(row.origin_salt),
      origin_hash: row.origin_hash.toString('hex'),
      personal_salt: saltOf(row.personal_salt),
      personal_hash: row.personal_hash?.toString('hex') ?? null,
      previous_hash: row.previous_hash.toString('hex'),
      hash: row.hash.toString('hex'),
    },
  };
}

export const storedNodes = ({ nodes = [] }: Pick<StoredEntry, 'nodes'>): string[] =>
  nodes.map(node => node.toString('hex'));
