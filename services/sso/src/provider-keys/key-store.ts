import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { lockProvider, type ProviderRow } from '../providers/provider-store.ts';
import { type KeyPair, readCertificates } from '../saml/index.ts';
import { makeKeyPair } from './make-key-pair.ts';

/**
 * The current key signs. The next one is published beside it, and becomes the current one when an administrator says so; what was the
 * current one then is the previous one, which decrypts until it is taken away.
 */
export const STATES = ['current', 'next', 'previous'] as const;
export type KeyState = (typeof STATES)[number];

export interface KeyRow {
  id: number;
  organization_id: number;
  provider_id: number;
  state: KeyState;
  /** PEM */
  certificate: string;
  private_key_sealed: string;
  /** SHA-256, hex in lower case. */
  fingerprint: string;
  expires_at: Date;
  created_at: Date;
}

type Owner = Pick<ProviderRow, 'id' | 'organization_id'>;

/** A key pair as the parties of an exchange have it, and until when its certificate is good. */
export interface DatedKeyPair extends KeyPair {
  expiresAt: Date;
}

const contextOf = (providerId: number) => `SAML key of provider ${providerId}`;

/**
 * The keys of the platform for a SAML provider, as the parties of an exchange have them: the first one signs, all of them decrypt.
 * None for an OpenID provider.
 *
 * @param db within the organization of the provider, in one transaction: where there is none yet, the first one is made
 */
export async function keysOf(
  db: Knex.Transaction,
  secretBox: SecretBox,
  provider: ProviderRow,
): Promise<DatedKeyPair[]> {
  if (provider.provider_type !== 'saml') return [];
  return (await keyRowsOf(db, secretBox, provider)).map(
    ({ certificate, private_key_sealed, provider_id, state, expires_at }) => ({
      certificate,
      isRetiring: state === 'previous',
      expiresAt: expires_at,
      privateKey: secretBox.open(private_key_sealed, contextOf(provider_id)),
    }),
  );
}

/** As keysOf, as they are kept. */
export async function keyRowsOf(
  db: Knex.Transaction,
  secretBox: SecretBox,
  provider: Owner,
): Promise<KeyRow[]> {
  const rows = await storedKeys(db, provider.id);
  if (rows.length > 0) return rows;
  // Those who need the first one at once wait for each other, so that one of them makes it.
  await lockProvider(db, provider.organization_id, provider.id);
  const made = await storedKeys(db, provider.id);
  return made.length > 0 ? made : [await insertKey(db, secretBox, provider, 'current')];
}

/** A new key pair, made and kept. */
export async function insertKey(
  db: Knex.Transaction,
  secretBox: SecretBox,
  { id: provider_id, organization_id }: Owner,
  state: KeyState,
): Promise<KeyRow> {
  const { privateKey, certificate } = await makeKeyPair(`Rivergate provider ${provider_id}`);
  const { fingerprint, expiresAt } = readCertificates(certificate)[0]!;
  const row = {
    organization_id,
    provider_id,
    state,
    certificate,
    private_key_sealed: secretBox.seal(privateKey, contextOf(provider_id)),
    fingerprint,
    expires_at: expiresAt,
  };
  const [inserted] = await db('provider_keys').insert(row).returning('*');
  return inserted;
}

async function storedKeys(db: Knex.Transaction, provider_id: number): Promise<KeyRow[]> {
  const rows: KeyRow[] = await db('provider_keys').where({ provider_id });
  return rows.toSorted((left, right) => STATES.indexOf(left.state) - STATES.indexOf(right.state));
}

export const keyOf = async (
  db: Knex.Transaction,
  provider_id: number,
  id: number,
): Promise<KeyRow | undefined> => await db('provider_keys').where({ provider_id, id }).first();

/** Has this key sign, and the one that did become the previous one. Behind the lock of the provider. */
export async function makeCurrent(
  db: Knex.Transaction,
  { provider_id, id }: Pick<KeyRow, 'provider_id' | 'id'>,
): Promise<void> {
  const state = db.raw("case id when ? then 'current' else 'previous' end", [id]);
  await db('provider_keys').where({ provider_id }).update({ state });
}

export async function deleteKeyRow(
  db: Knex.Transaction,
  { provider_id, id }: Pick<KeyRow, 'provider_id' | 'id'>,
): Promise<void> {
  await db('provider_keys').where({ provider_id, id }).delete();
}
