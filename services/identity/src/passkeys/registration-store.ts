import type { Knex } from 'knex';
import { CHALLENGE_SECONDS } from './credential.ts';

/** A registration that was started. */
export interface PendingRegistration {
  challenge: string;
  device_name: string;
}

/** Keeps the one pending registration of a user. */
export async function replaceRegistration(
  db: Knex,
  userId: number,
  { challenge, device_name }: PendingRegistration,
): Promise<void> {
  await db('passkey_registrations')
    .insert({
      user_id: userId,
      challenge,
      device_name,
      expires_at: db.raw("now() + ? * interval '1 second'", [CHALLENGE_SECONDS]),
    })
    .onConflict('user_id')
    .merge();
}

const pending = (db: Knex, userId: number) =>
  db('passkey_registrations').where({ user_id: userId }).where('expires_at', '>', db.fn.now());

export function pendingRegistration(db: Knex, userId: number): Promise<PendingRegistration | undefined> {
  return pending(db, userId).first('challenge', 'device_name');
}

/** Spends the challenge. Of several attempts at once, one does. @returns whether this one did */
export async function spendRegistration(db: Knex, userId: number, challenge: string): Promise<boolean> {
  return (await pending(db, userId).where({ challenge }).delete()) > 0;
}

export async function dropExpiredRegistrations(db: Knex): Promise<void> {
  await db('passkey_registrations').where('expires_at', '<', db.fn.now()).delete();
}
