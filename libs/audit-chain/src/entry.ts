import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import { leafHash } from './tree.ts';

/** An entry as the API shows it, and as exports and shipping have it; hashes and salts in hex. */
export interface ChainedEntry {
  id: number;
  action: string;
  organization_id: number | null;
  actor: string;
  actor_user_id: number | null;
  impersonator_user_id: number | null;
  subject: string;
  ip_address: string | null;
  user_agent: string | null;
  request_id: string | null;
  metadata: Record<string, unknown>;
  /** ISO 8601, UTC, milliseconds */
  created_at: string;
  event_id: string | null;
  chain: EntryChain;
}

export interface EntryChain {
  sequence: number;
  recorded_at: string;
  /** Names of the fields of the metadata that are personal; none of them is there any more when they were erased. */
  personal: string[];
  origin_salt: string | null;
  origin_hash: string;
  personal_salt: string | null;
  personal_hash: string | null;
  previous_hash: string;
  hash: string;
}

const ZEROS = '00'.repeat(32);
/** What stands before the first entry of a chain. */
export const NOTHING_BEFORE = ZEROS;

/** The hash that binds a personal value which may be erased one day. @param salt 16 bytes in hex */
export function commitment(salt: string, value: unknown): string {
  return createHash('sha256').update(Buffer.from(salt, 'hex')).update(canonicalJson(value)).digest('hex');
}

/** The hash of an entry: what it says, its place, and the entry before it. */
export function entryHash({ chain, ...entry }: ChainedEntry): Buffer {
  const { ip_address: _ip, user_agent: _agent, impersonator_user_id, metadata, ...facts } = entry;
  // Not named where it is null: entries had none before there was such a thing.
  const impersonator = impersonator_user_id == null ? {} : { impersonator_user_id };
  const { personal, origin_salt: _origin, personal_salt: _personal, hash: _hash, ...place } = chain;
  const impersonal = Object.entries(metadata).filter(([name]) => !personal.includes(name));
  return leafHash(
    canonicalJson({ ...facts, ...impersonator, ...place, metadata: Object.fromEntries(impersonal) }),
  );
}

/** What is wrong with an entry by itself, whatever comes before it; undefined where nothing is. */
export function entryFault(entry: ChainedEntry): string | undefined {
  const { chain, ip_address, user_agent, metadata } = entry;
  const personal = Object.entries(metadata).filter(([name]) => chain.personal.includes(name));
  if (chain.origin_salt === null) {
    if (ip_address !== null || user_agent !== null) return 'says from where it was done, which was erased';
  } else if (commitment(chain.origin_salt, { ip_address, user_agent }) !== chain.origin_hash)
    return 'says another address or user agent than was written';
  if (chain.personal_salt === null || chain.personal_hash === null) {
    if (personal.length > 0) return 'holds personal data that was erased, or never written';
  } else if (commitment(chain.personal_salt, Object.fromEntries(personal)) !== chain.personal_hash)
    return 'holds other personal data than was written';
  if (entryHash(entry).toString('hex') !== chain.hash) return 'says something else than was written';
  return undefined;
}
