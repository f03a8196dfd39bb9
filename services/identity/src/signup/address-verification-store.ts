import type { Knex } from 'knex';
import { onPrimaryAddress } from '../accounts/account-store.ts';

/** The open proof that an address is its user's. */
export interface AddressVerification {
  user_id: number;
  email: string;
  verified: boolean;
  disabled: boolean;
  made_for_member: boolean;
  code_hash: string;
  code_expired: boolean;
  wrong_tries: number;
  link_expired: boolean;
  temporary_token_hash: string | null;
  temporary_token_expired: boolean;
  remember_me: boolean;
  spent_at: Date | null;
}

/** Codes and temporary tokens live ten minutes. */
const CODE_SECONDS = 600;
/** An account that nobody verifies this long after it was made is removed. */
const UNVERIFIED_SECONDS = 86_400;

const columns = (db: Knex) => [
  'address_verifications.user_id',
  'email',
  'code_hash',
  'temporary_token_hash',
  'wrong_tries',
  'remember_me',
  'spent_at',
  'made_for_member',
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
  temporaryTokenHash: string;
}

/** Replaces code, link and temporary token: the old ones become invalid, wrong tries count from zero. */
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
      temporary_token_expires_at: later(db, CODE_SECONDS),
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
const locked = (db: Knex.Transaction) =>
  verifications(db).forUpdate('users', 'address_verifications').first();

const verifications = (db: Knex) =>
  db('address_verifications')
    .join('users', 'users.id', 'address_verifications.user_id')
    .join('email_addresses', onPrimaryAddress)
    .select(columns(db));

export function byTemporaryToken(
  db: Knex.Transaction,
  tokenHash: string,
): Promise<AddressVerification | undefined> {
  return locked(db).where({ temporary_token_hash: tokenHash });
}

export function byLink(db: Knex.Transaction, linkHash: string): Promise<AddressVerification | undefined> {
  return locked(db).where({ link_hash: linkHash });
}

/** The address that a link would verify at this moment; undefined for one that is unknown, used or expired. */
export async function addressOfOpenLink(knex: Knex, linkHash: string): Promise<string | undefined> {
  const verification = await verifications(knex)
    .where({ link_hash: linkHash, 'users.verified_at': null, disabled_at: null })
    .where('link_expires_at', '>', knex.fn.now())
    .first();
  return verification?.email;
}

export async function countWrongTry(db: Knex, userId: number): Promise<void> {
  await db('address_verifications').where({ user_id: userId }).increment('wrong_tries', 1);
}

/** Code, link and token have done their work. The row stays, so that the link can say so when it is opened again. */
export async function spend(db: Knex, userId: number): Promise<void> {
  await db('address_verifications').where({ user_id: userId }).update({ spent_at: db.fn.now() });
}

/** Code, link and temporary token become unknown. */
export async function dropVerification(db: Knex, userId: number): Promise<void> {
  await db('address_verifications').where({ user_id: userId }).delete();
}

/**
 * Accounts that nobody has verified in time, oldest first, whoever made them. Fresh codes prolong their time by no more
 * than the life of the last one.
 */
export function overdueRegistrations(db: Knex): Knex.QueryBuilder<object, { id: number; email: string }[]> {
  return db('address_verifications')
    .join('users', 'users.id', 'address_verifications.user_id')
    .join('email_addresses', 'email_addresses.user_id', 'users.id')
    .whereNull('users.verified_at')
    .where({ is_primary: true })
    .where('users.created_at', '<', later(db, -UNVERIFIED_SECONDS))
    .where('code_expires_at', '<', db.fn.now())
    .orderBy('users.id')
    .select('users.id', 'email');
}

/** Gives a new account the link that made it, as a used one. No code and no temporary token belongs to it. */
export async function keepUsedLink(db: Knex, userId: number, linkHash: string): Promise<void> {
  await db('address_verifications').insert({
    user_id: userId,
    code_hash: '',
    code_expires_at: db.fn.now(),
    link_hash: linkHash,
    link_expires_at: db.fn.now(),
    spent_at: db.fn.now(),
  });
}
