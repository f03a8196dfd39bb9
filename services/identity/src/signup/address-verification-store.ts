import type { Knex } from 'knex';

/** The open proof that an address is its user's. */
export interface AddressVerification {
  user_id: number;
  verified: boolean;
  disabled: boolean;
  code_hash: string;
  code_expired: boolean;
  wrong_tries: number;
  link_expired: boolean;
  temporary_token_expired: boolean;
  remember_me: boolean;
  spent_at: Date | null;
}

/** Codes and temporary tokens live ten minutes. */
const CODE_SECONDS = 600;
/** A registration that nobody verifies this long after its last code is forgotten. */
const FORGOTTEN_SECONDS = 86_400;

const columns = (db: Knex) => [
  'user_id',
  'code_hash',
  'wrong_tries',
  'remember_me',
  'spent_at',
  db.raw('users.verified_at is not null as verified'),
  db.raw('users.disabled_at is not null as disabled'),
  db.raw('code_expires_at <= now() as code_expired'),
  db.raw('link_expires_at <= now() as link_expired'),
  db.raw('coalesce(temporary_token_expires_at <= now(), true) as temporary_token_expired'),
];

const later = (db: Knex, seconds: number) => db.raw("now() + ? * interval '1 second'", [seconds]);

export interface Secrets {
  codeHash: string;
  linkHash: string;
  linkSeconds: number;
  /** Null where nobody waits for it: accounts that others create. */
  temporaryTokenHash: string | null;
}

/** Replaces code, link and temporary token: the old ones die, wrong tries count from zero. */
export async function replaceSecrets(db: Knex, userId: number, secrets: Secrets): Promise<void> {
  await db('address_verifications')
    .insert({
      user_id: userId,
      code_hash: secrets.codeHash,
      code_expires_at: later(db, CODE_SECONDS),
      wrong_tries: 0,
      link_hash: secrets.linkHash,
      link_expires_at: later(db, secrets.linkSeconds),
      temporary_token_hash: secrets.temporaryTokenHash,
      temporary_token_expires_at: secrets.temporaryTokenHash ? later(db, CODE_SECONDS) : null,
    })
    .onConflict('user_id')
    .merge();
}

/** Replaces the temporary token alone; code, link and the count of wrong tries stay. */
export async function replaceTemporaryToken(db: Knex, userId: number, tokenHash: string): Promise<void> {
  await db('address_verifications')
    .where({ user_id: userId })
    .update({ temporary_token_hash: tokenHash, temporary_token_expires_at: later(db, CODE_SECONDS) });
}

/** The session that the verification will open lasts as long as the login that led there asked for. */
export async function rememberChoice(db: Knex, userId: number, rememberMe: boolean): Promise<void> {
  await db('address_verifications').where({ user_id: userId }).update({ remember_me: rememberMe });
}

/**
 * Locks the user before the row, as a deletion does: so that wrong tries are counted one after the other, and only
 * one request opens a session.
 */
const locked = (db: Knex) =>
  db('address_verifications')
    .join('users', 'users.id', 'address_verifications.user_id')
    .select(columns(db))
    .forUpdate('users', 'address_verifications')
    .first();

export function byTemporaryToken(db: Knex, tokenHash: string): Promise<AddressVerification | undefined> {
  return locked(db).where({ temporary_token_hash: tokenHash });
}

export function byLink(db: Knex, linkHash: string): Promise<AddressVerification | undefined> {
  return locked(db).where({ link_hash: linkHash });
}

export async function countWrongTry(db: Knex, userId: number): Promise<void> {
  await db('address_verifications').where({ user_id: userId }).increment('wrong_tries', 1);
}

/** Code, link and token have done their work. The row stays, so that the link can say so when it is opened again. */
export async function spend(db: Knex, userId: number): Promise<void> {
  await db('address_verifications').where({ user_id: userId }).update({ spent_at: db.fn.now() });
}

/** Self-registrations that nobody has verified in time, oldest first. Accounts that others made are theirs to take back. */
export function forgottenRegistrations(db: Knex): Knex.QueryBuilder<object, { id: number; email: string }[]> {
  return db('address_verifications')
    .join('users', 'users.id', 'address_verifications.user_id')
    .join('email_addresses', 'email_addresses.user_id', 'users.id')
    .whereNull('users.verified_at')
    .where({ holds_address: false, is_primary: true })
    .where('code_expires_at', '<', later(db, CODE_SECONDS - FORGOTTEN_SECONDS))
    .orderBy('users.id')
    .select('users.id', 'email');
}
