import type { Knex } from 'knex';

/** A user with the primary address, as the ways into an account need it. */
export interface Account {
  id: number;
  email: string;
  display_name: string;
  password_hash: string | null;
  holds_address: boolean;
  verified_at: Date | null;
  disabled_at: Date | null;
  last_organization_id: number | null;
  /** Organization that made it for a member, and manages it. */
  managed_by: number | null;
}

const COLUMNS = [
  'users.id',
  'email_addresses.email',
  'display_name',
  'password_hash',
  'holds_address',
  'users.verified_at',
  'disabled_at',
  'last_organization_id',
  'managed_by',
];

/** Of a join of `users` with `email_addresses`. */
export const onPrimaryAddress = (join: Knex.JoinClause) =>
  join.on('email_addresses.user_id', 'users.id').andOnVal('is_primary', true);

const withPrimaryAddress = (db: Knex) =>
  db('users').join('email_addresses', onPrimaryAddress).select(COLUMNS);

/** The account that logs in with this address. */
export function accountByEmail(db: Knex, email: string): Promise<Account | undefined> {
  return withPrimaryAddress(db).where({ email }).first();
}

export function accountById(db: Knex, userId: number): Promise<Account | undefined> {
  return withPrimaryAddress(db).where({ 'users.id': userId }).first();
}

/** Serialises what happens to an address, whether it has a row or not; released with the transaction. */
export async function lockAddress(db: Knex.Transaction, email: string): Promise<void> {
  await db.raw("select pg_advisory_xact_lock(hashtextextended('address ' || ?, 0))", [email]);
}

/** The user who holds the address in any way: as a primary one, or as another on file. */
export async function ownerOf(
  db: Knex,
  email: string,
): Promise<{ id: number; verified: boolean; holdsAddress: boolean; managedBy: number | null } | undefined> {
  const row = await db('email_addresses')
    .join('users', 'users.id', 'email_addresses.user_id')
    .where({ email })
    .first('users.id', 'users.verified_at', 'holds_address', 'managed_by');
  if (!row) return undefined;
  const { id, verified_at, holds_address: holdsAddress, managed_by: managedBy } = row;
  return { id, verified: verified_at !== null, holdsAddress, managedBy };
}

export interface NewAccount {
  email: string;
  displayName: string;
  /** Null for who signs in elsewhere. */
  passwordHash: string | null;
  /** Whether it was made for an organization: it starts there, and refuses another one made for its address. */
  holdsAddress: boolean;
  /** Made by an administrator for somebody else, who keeps it by proving the mailbox. */
  forMember?: boolean;
  /** Organization that manages it. */
  managedBy?: number | null;
}

/** Creates an account whose address is not verified yet. @returns its id */
export async function createAccount(db: Knex, account: NewAccount): Promise<number> {
  const [user] = await db('users')
    .insert({
      display_name: account.displayName,
      password_hash: account.passwordHash,
      holds_address: account.holdsAddress,
      made_for_member: account.forMember ?? false,
      managed_by: account.managedBy ?? null,
    })
    .returning('id');
  await db('email_addresses').insert({ user_id: user.id, email: account.email, is_primary: true });
  return user.id;
}

/** The version of the terms of use that is accepted where nobody names one. */
export const CURRENT_TERMS = '1.0';

export async function acceptTerms(
  db: Knex,
  userId: number,
  version: string,
  ip: string | null,
): Promise<void> {
  await db('terms_acceptances').insert({ user_id: userId, terms_version: version, ip_address: ip });
}

/** Takes from a registration what the registrant entered; the address stays. */
export async function resetRegistration(db: Knex, userId: number, displayName: string): Promise<void> {
  await db('users').where({ id: userId }).update({ password_hash: null, display_name: displayName });
}

/** Removes an account with everything that belongs to it, unless it is verified by now. @returns whether it did */
export async function deleteUnverifiedAccount(db: Knex, userId: number): Promise<boolean> {
  return (await db('users').where({ id: userId }).whereNull('verified_at').delete()) > 0;
}

/**
 * Keeps the account as it is until the transaction ends; rows that name it may come meanwhile.
 *
 * @returns false when it is gone
 */
export async function lockAccount(db: Knex.Transaction, userId: number): Promise<boolean> {
  return (await db('users').where({ id: userId }).forNoKeyUpdate().first('id')) !== undefined;
}

/** The mailbox has proved to be the user's. */
export async function markVerified(db: Knex, userId: number): Promise<void> {
  await db('users').where({ id: userId }).update({ verified_at: db.fn.now(), updated_at: db.fn.now() });
  await db('email_addresses')
    .where({ user_id: userId, is_primary: true })
    .update({ verified_at: db.fn.now() });
}

/** The address, which has proved to be the user's, becomes the primary one; the one before stays on file. */
export async function makePrimary(db: Knex, userId: number, email: string): Promise<void> {
  await db('email_addresses').where({ user_id: userId, is_primary: true }).update({ is_primary: false });
  await db('email_addresses')
    .insert({ user_id: userId, email, is_primary: true, verified_at: db.fn.now() })
    .onConflict('email')
    .merge(['is_primary'])
    .where('email_addresses.user_id', userId);
  await db('users').where({ id: userId }).update({ updated_at: db.fn.now() });
}

/** @param madeIn the session that it comes of, where it does */
export async function setPassword(
  db: Knex,
  userId: number,
  passwordHash: string,
  madeIn: number | null = null,
): Promise<void> {
  await db('users')
    .where({ id: userId })
    .update({ password_hash: passwordHash, password_session_id: madeIn, updated_at: db.fn.now() });
}

/** Changes the password unless another request has done so since it was read. @returns whether it did */
export async function replacePassword(
  db: Knex,
  { userId, sessionId }: { userId: number; sessionId: number },
  currentHash: string,
  newHash: string,
): Promise<boolean> {
  const changed = await db('users')
    .where({ id: userId, password_hash: currentHash })
    .update({ password_hash: newHash, password_session_id: sessionId, updated_at: db.fn.now() });
  return changed > 0;
}

/** Takes a password away that was set in one of the sessions. @returns whether it was */
export async function dropPasswordMadeIn(
  db: Knex,
  userId: number,
  sessionIds: readonly number[],
): Promise<boolean> {
  const dropped = await db('users')
    .where({ id: userId })
    .whereIn('password_session_id', sessionIds)
    .update({ password_hash: null, password_session_id: null, updated_at: db.fn.now() });
  return dropped > 0;
}

/** Notes that the owner is told by mail that somebody guesses at the password. @returns false when that was today */
export async function noteGuessingTold(db: Knex, userId: number): Promise<boolean> {
  const noted = await db('users')
    .where({ id: userId })
    .whereRaw("coalesce(guessing_told_at < now() - interval '1 day', true)")
    .update({ guessing_told_at: db.fn.now() });
  return noted > 0;
}

/** The next login starts elsewhere than in this organization. */
export async function forgetPlace(db: Knex, userId: number, organizationId: number): Promise<void> {
  await db('users')
    .where({ id: userId, last_organization_id: organizationId })
    .update({ last_organization_id: null, last_workspace_id: null });
}

/** Nobody starts in the organization any more. */
export async function forgetPlaces(db: Knex, organizationId: number): Promise<void> {
  await db('users')
    .where({ last_organization_id: organizationId })
    .update({ last_organization_id: null, last_workspace_id: null });
}

/** What a person is called who did not say: the part of the address before the @. */
export function nameFromAddress(email: string): string {
  return email.slice(0, email.lastIndexOf('@')).slice(0, 100);
}
