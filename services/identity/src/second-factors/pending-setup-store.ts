import type { Knex } from 'knex';

const SETUP_SECONDS = 600;
const expiry = (db: Knex) => db.raw("now() + ? * interval '1 second'", [SETUP_SECONDS]);

/** @param sealed secret and backup codes */
export async function replaceTotpSetup(
  db: Knex,
  userId: number,
  setup: { deviceName: string; sealed: string },
): Promise<void> {
  await db('pending_totp_setups')
    .insert({
      user_id: userId,
      device_name: setup.deviceName,
      sealed: setup.sealed,
      expires_at: expiry(db),
    })
    .onConflict('user_id')
    .merge();
}

export function totpSetupOf(
  db: Knex,
  userId: number,
): Promise<{ device_name: string; sealed: string } | undefined> {
  return db('pending_totp_setups')
    .where({ user_id: userId })
    .where('expires_at', '>', db.fn.now())
    .first('device_name', 'sealed');
}

export async function dropTotpSetup(db: Knex, userId: number): Promise<void> {
  await db('pending_totp_setups').where({ user_id: userId }).delete();
}

export async function replaceEmailSetup(db: Knex, userId: number, codeHash: string): Promise<void> {
  await db('pending_email_setups')
    .insert({ user_id: userId, code_hash: codeHash, expires_at: expiry(db) })
    .onConflict('user_id')
    .merge();
}

/** It stays for a while after its time, so that its code is answered as one that is too old. */
export function emailSetupOf(
  db: Knex,
  userId: number,
): Promise<{ code_hash: string; expired: boolean } | undefined> {
  return db('pending_email_setups')
    .where({ user_id: userId })
    .first('code_hash', db.raw('expires_at <= now() as expired'));
}

export async function dropEmailSetup(db: Knex, userId: number): Promise<void> {
  await db('pending_email_setups').where({ user_id: userId }).delete();
}

/** Forgets what nobody confirmed in time. */
export async function dropExpiredSetups(db: Knex): Promise<void> {
  for (const table of ['pending_totp_setups', 'pending_email_setups'])
    await db(table).where('expires_at', '<', db.raw("now() - interval '1 hour'")).delete();
}
