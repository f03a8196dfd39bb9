import type { Knex } from 'knex';
import { CHALLENGE_SECONDS } from './credential.ts';

/** A login that was started, for whatever address was entered. */
export interface StartedLogin {
  challenge: string;
  email: string;
  network: string;
}

export async function noteLogin(db: Knex, login: StartedLogin): Promise<void> {
  await db('passkey_logins').insert({
    ...login,
    expires_at: db.raw("now() + ? * interval '1 second'", [CHALLENGE_SECONDS]),
  });
}

const pending = (db: Knex, email: string) =>
  db('passkey_logins').where({ email }).where('expires_at', '>', db.fn.now());

/**
 * The challenge that an attempt is about: the one that it answers, else the latest for the address that its network
 * asked for. So an attempt that answers another one is an attempt all the same, and spends none of a login that was
 * started elsewhere.
 */
export async function pendingLogin(
  db: Knex,
  { challenge, email, network }: Omit<StartedLogin, 'challenge'> & { challenge: string | null },
): Promise<string | undefined> {
  const row = await pending(db, email)
    .where(about => about.where({ network }).orWhereRaw('challenge = ?', [challenge]))
    .orderByRaw('challenge is not distinct from ? desc, created_at desc', [challenge])
    .first('challenge');
  return row?.challenge;
}

/** Spends a challenge. Of several attempts at once, one does. @returns whether this one did */
export async function spendLogin(db: Knex, email: string, challenge: string): Promise<boolean> {
  return (await pending(db, email).where({ challenge }).delete()) > 0;
}

export async function dropExpiredLogins(db: Knex): Promise<void> {
  await db('passkey_logins').where('expires_at', '<', db.fn.now()).delete();
}
