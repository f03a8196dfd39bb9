import type { Knex } from 'knex';

/** A passkey as its owner sees it. */
export interface PasskeyEntry {
  id: number;
  device_name: string;
  credential_id: string;
  created_at: Date;
  last_used_at: Date | null;
  usage_count: number;
}

/** A passkey as it is offered and verified. */
export interface Passkey {
  id: number;
  user_id: number;
  credential_id: string;
  public_key: Buffer;
  transports: string[];
  device_name: string;
  /** In which it was registered, where that is known. */
  session_id: number | null;
}

export interface NewPasskey {
  userId: number;
  /** In which it is registered. */
  sessionId: number;
  credentialId: string;
  publicKey: Uint8Array;
  transports: readonly string[];
  signCount: number;
  deviceName: string;
}

/** How many a user may have. */
export const MAX_PASSKEYS = 20;

const newestFirst = (db: Knex, userId: number) =>
  db('passkeys')
    .where({ user_id: userId })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);

export function passkeysOf(db: Knex, userId: number): Promise<Passkey[]> {
  return newestFirst(db, userId).select([
    'id',
    'user_id',
    'credential_id',
    'public_key',
    'transports',
    'device_name',
    'session_id',
  ]);
}

export function passkeyEntriesOf(db: Knex, userId: number): Promise<PasskeyEntry[]> {
  return newestFirst(db, userId).select([
    'id',
    'device_name',
    'credential_id',
    'created_at',
    'last_used_at',
    'usage_count',
  ]);
}

export async function countPasskeys(db: Knex, userId: number): Promise<number> {
  const [row] = await db('passkeys').where({ user_id: userId }).count('* as count');
  return Number(row!.count);
}

/** @returns undefined where an account has this credential already */
export async function insertPasskey(
  db: Knex,
  passkey: NewPasskey,
): Promise<{ id: number; created_at: Date } | undefined> {
  const [inserted] = await db('passkeys')
    .insert({
      user_id: passkey.userId,
      session_id: passkey.sessionId,
      credential_id: passkey.credentialId,
      public_key: Buffer.from(passkey.publicKey),
      transports: [...passkey.transports],
      sign_count: passkey.signCount,
      device_name: passkey.deviceName,
    })
    .onConflict('credential_id')
    .ignore()
    .returning(['id', 'created_at']);
  return inserted;
}

/**
 * Counts a login. The authenticator's counter has to grow, unless it has none and says 0 each time (WebAuthn Level 3,
 * section 6.1.1); the row is locked, so that of two copies that were used at once one is found out.
 *
 * @returns `regressed` when the counter did not grow, `gone` when the passkey was deleted in the meantime
 */
export async function countUse(
  db: Knex.Transaction,
  id: number,
  signCount: number,
): Promise<'counted' | 'regressed' | 'gone'> {
  const stored = await db('passkeys').where({ id }).forUpdate().first('sign_count');
  if (!stored) return 'gone';
  if (signCount <= stored.sign_count && (signCount > 0 || stored.sign_count > 0)) return 'regressed';
  await db('passkeys')
    .where({ id })
    .update({
      sign_count: signCount,
      usage_count: db.raw('usage_count + 1'),
      last_used_at: db.fn.now(),
    });
  return 'counted';
}

/** Deletes one passkey of a user, or all that were registered in a session. @returns those that were there */
export async function deletePasskeysOf(
  db: Knex,
  userId: number,
  which: { id: number } | { session_id: number },
): Promise<{ id: number; device_name: string }[]> {
  return db('passkeys')
    .where({ ...which, user_id: userId })
    .delete()
    .returning(['id', 'device_name']);
}
