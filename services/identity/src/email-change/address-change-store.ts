import type { Knex } from 'knex';
import { makePrimary } from '../accounts/account-store.ts';

/** Days for which a change is kept: longer than the link works by which a sign-in is disowned. */
const KEPT_DAYS = 8;

interface AddressChange {
  session_id: number;
  old_email: string;
  new_email: string;
  added: boolean;
}

/** Makes another address the primary one, which has proved to be the user's, and notes the session in which that was asked for. */
export async function changeAddress(
  db: Knex.Transaction,
  { userId, sessionId }: { userId: number; sessionId: number },
  { old_email, new_email }: { old_email: string; new_email: string },
): Promise<void> {
  const added = (await db('email_addresses').where({ email: new_email }).first('id')) === undefined;
  await makePrimary(db, userId, new_email);
  await db('address_changes').insert({ user_id: userId, session_id: sessionId, old_email, new_email, added });
}

/** The session in which the primary address was made that, where that was of late. */
export async function addressMadeIn(db: Knex, userId: number): Promise<number | null> {
  const last = await db('address_changes')
    .where({ user_id: userId })
    .orderBy('id', 'desc')
    .first('session_id');
  return last?.session_id ?? null;
}

/**
 * Takes changes back that were made in sessions, as far as no other session has changed the address since, and forgets the
 * addresses that came by them. The caller holds the account's row.
 *
 * @param primary the address that is the primary one now
 * @returns the primary address from now on
 */
export async function takeChangesBack(
  db: Knex.Transaction,
  { userId, primary }: { userId: number; primary: string },
  sessionIds: readonly number[],
): Promise<string> {
  const changes: AddressChange[] = await db('address_changes')
    .where({ user_id: userId })
    .orderBy('id', 'desc')
    .select('session_id', 'old_email', 'new_email', 'added');
  const onFile = new Set<string>(await db('email_addresses').where({ user_id: userId }).pluck('email'));
  let address = primary;
  for (const { session_id, old_email, new_email } of changes) {
    // What a session added that was disowned before is on file no more: the one before it counts.
    if (new_email !== address || (onFile.has(address) && !sessionIds.includes(session_id))) break;
    address = old_email;
  }
  if (address !== primary && onFile.has(address)) await makePrimary(db, userId, address);
  const added = changes.filter(change => change.added && sessionIds.includes(change.session_id));
  await db('email_addresses')
    .where({ user_id: userId, is_primary: false })
    .whereIn(
      'email',
      added.map(({ new_email }) => new_email),
    )
    .delete();
  return onFile.has(address) ? address : primary;
}

export async function dropOldAddressChanges(knex: Knex): Promise<void> {
  await knex('address_changes').whereRaw("changed_at < now() - ? * interval '1 day'", [KEPT_DAYS]).delete();
}
