import type { Knex } from 'knex';
import type { Method } from '../second-factors/method.ts';
import type { Place } from './starting-place.ts';

/** A login of which the password was right and the second factor is outstanding. */
export interface PendingLogin {
  id: number;
  user_id: number;
  disabled: boolean;
  expired: boolean;
  /** Ended before its time, as by logging out everywhere. */
  ended: boolean;
  /** Null until the second factor is chosen. */
  method: Method | null;
  code_hash: string | null;
  wrong_codes: number;
  place: Place | null;
  remember_me: boolean;
  /** Of the session that it authenticates anew; null where it opens one. */
  session_id: number | null;
}

/** Codes and temporary tokens live ten minutes. */
const TOKEN_SECONDS = 600;
const expiry = (db: Knex) => db.raw("now() + ? * interval '1 second'", [TOKEN_SECONDS]);

export interface NewPendingLogin {
  userId: number;
  /** The hash that the password was checked against, null where there is none: when it has changed since, nothing begins. */
  passwordHash: string | null;
  tokenHash: string;
  place: Place | null;
  rememberMe: boolean;
  /** A session that is there, and is authenticated anew: in place of what began for it before. */
  sessionId?: number;
}

/** @returns false when the account was suspended, or its password changed, in the meantime */
export async function beginPendingLogin(db: Knex.Transaction, login: NewPendingLogin): Promise<boolean> {
  // Locked, so that a change of the password that comes now finds the row and ends it.
  const current = await db('users')
    .where({ id: login.userId, password_hash: login.passwordHash, disabled_at: null })
    .forShare()
    .first('id');
  if (!current) return false;
  const sessionId = login.sessionId ?? null;
  if (sessionId !== null) await db('pending_logins').where({ session_id: sessionId }).delete();
  await db('pending_logins').insert({
    user_id: login.userId,
    token_hash: login.tokenHash,
    expires_at: expiry(db),
    place: login.place && JSON.stringify(login.place),
    remember_me: login.rememberMe,
    session_id: sessionId,
  });
  return true;
}

/** By its token of the moment. Locks the user before the row, so that wrong codes are counted one after the other. */
export function pendingLogin(db: Knex.Transaction, tokenHash: string): Promise<PendingLogin | undefined> {
  return db('pending_logins')
    .join('users', 'users.id', 'pending_logins.user_id')
    .where({ token_hash: tokenHash })
    .forUpdate('users', 'pending_logins')
    .first(
      'pending_logins.id',
      'user_id',
      'method',
      'code_hash',
      'wrong_codes',
      'place',
      'remember_me',
      'session_id',
      db.raw('disabled_at is not null as disabled'),
      db.raw('expires_at <= now() as expired'),
      db.raw('ended_at is not null as ended'),
    );
}

/** Notes the second factor, and the code that was mailed for it. The token before becomes invalid. */
export async function choose(
  db: Knex,
  id: number,
  chosen: { method: Method; codeHash: string | null; tokenHash: string },
): Promise<void> {
  await db('pending_logins')
    .where({ id })
    .update({
      method: chosen.method,
      code_hash: chosen.codeHash,
      token_hash: chosen.tokenHash,
      expires_at: expiry(db),
    });
}

export async function countWrongFactor(db: Knex, id: number): Promise<void> {
  await db('pending_logins').where({ id }).increment('wrong_codes', 1);
}

/** The session is open: token and code are spent. */
export async function completePendingLogin(db: Knex, id: number): Promise<void> {
  await db('pending_logins').where({ id }).delete();
}

/** Ends what waits for a second factor of a user. */
export async function endPendingLogins(db: Knex, userId: number): Promise<void> {
  await db('pending_logins').where({ user_id: userId, ended_at: null }).update({ ended_at: db.fn.now() });
}

export async function dropExpiredPendingLogins(db: Knex): Promise<void> {
  await db('pending_logins').where('expires_at', '<', db.fn.now()).delete();
}
