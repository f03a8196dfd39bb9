import { Unauthorized } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** What this service knows of a user. */
export interface Person {
  user_id: number;
  email: string;
  display_name: string;
  verified_emails: string[];
  profile_image_url: string | null;
  /** `active`, `suspended`, or `erased`: then nothing else is true of the row but its id. */
  status: string;
}

export interface Introduction {
  userId: number;
  email: string;
  displayName: string;
  /** Whether the user has proved to own the address. */
  verified: boolean;
}

const COLUMNS = ['user_id', 'email', 'display_name', 'verified_emails', 'profile_image_url', 'status'];

/**
 * Records a user, or that a known one has proved an address, and locks the row until the transaction ends: whoever
 * asks whether an administrator is verified, and whoever learns it, take turns by it.
 */
export async function introduce(
  db: Knex.Transaction,
  { userId, email, displayName, verified }: Introduction,
): Promise<Person> {
  const verifiedEmails = verified ? [email] : [];
  const { rows } = await db.raw(
    `insert into people (user_id, email, display_name, verified_emails)
     values (:userId, :email, :displayName, :verifiedEmails)
     on conflict (user_id) do update set
       verified_emails = array(select distinct unnest(people.verified_emails || excluded.verified_emails)),
       updated_at = now()
     returning ${COLUMNS.join(', ')}`,
    { userId, email, displayName, verifiedEmails },
  );
  return rows[0];
}

export async function personOf(db: Knex.Transaction, userId: number): Promise<Person | undefined> {
  return await db('people').select(COLUMNS).where({ user_id: userId }).first();
}

/** Whether the user has ever proved to own an address. */
export async function isVerified(db: Knex.Transaction, userId: number): Promise<boolean> {
  const verified = await db('people')
    .where({ user_id: userId })
    .whereRaw("verified_emails <> '{}'")
    .first('user_id');
  return verified !== undefined;
}

/** A picture that is left out stays; null removes it. */
export async function changeProfile(
  db: Knex.Transaction,
  userId: number,
  { displayName, profileImageUrl }: { displayName: string; profileImageUrl?: string | null | undefined },
): Promise<void> {
  const picture = profileImageUrl === undefined ? {} : { profile_image_url: profileImageUrl };
  await db('people')
    .where({ user_id: userId })
    .whereNot({ status: 'erased' })
    .update({ display_name: displayName, ...picture, updated_at: db.fn.now() });
}

/** Shows the address from now on; the ones before stay the user's. */
export async function changeEmail(db: Knex.Transaction, userId: number, email: string): Promise<void> {
  await db.raw(
    `update people set
       email = :email,
       verified_emails = array(select distinct unnest(verified_emails || array[cast(:email as text)])),
       updated_at = now()
     where user_id = :userId and status <> 'erased'`,
    { userId, email },
  );
}

/** Forgets an account that was withdrawn before its address was ever verified. */
export async function forgetUnverified(db: Knex.Transaction, userId: number): Promise<void> {
  await db('people').where({ user_id: userId }).whereRaw("verified_emails = '{}'").delete();
}

/**
 * Keeps the account of a user from being erased until the transaction ends.
 *
 * @throws Unauthorized when it is erased
 */
export async function requireAccount(db: Knex.Transaction, userId: number): Promise<void> {
  const person = await db('people').where({ user_id: userId }).forShare().first('status');
  if (person?.status === 'erased') throw Unauthorized();
}

export async function setAccountStatus(db: Knex.Transaction, userId: number, status: string): Promise<void> {
  await db('people')
    .where({ user_id: userId })
    .whereNot({ status: 'erased' })
    .update({ status, updated_at: db.fn.now() });
}
