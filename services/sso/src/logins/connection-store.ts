import type { Knex } from 'knex';
import type { Arrival } from './ticket-store.ts';

interface Place {
  organization_id: number;
  provider_id: number;
}

/** Who a person at a provider is here; undefined where they come for the first time. */
export async function userOfSubject(
  db: Knex.Transaction,
  providerId: number,
  subject: string,
): Promise<number | undefined> {
  const found = await db('connections').where({ provider_id: providerId, subject }).first('user_id');
  return found?.user_id;
}

/** Whether somebody else at the provider is this user. */
export async function isOtherSubject(
  db: Knex.Transaction,
  { provider_id, user_id, subject }: { provider_id: number; user_id: number; subject: string },
): Promise<boolean> {
  const found = await db('connections').where({ provider_id, user_id }).whereNot({ subject }).first('id');
  return found !== undefined;
}

/**
 * Notes a sign-in, and connects who comes for the first time.
 *
 * @returns whether they did; undefined where somebody else has come between: then nothing is noted
 */
export async function noteLogin(
  db: Knex.Transaction,
  place: Place,
  userId: number,
  { subject, email, displayName }: Pick<Arrival, 'subject' | 'email' | 'displayName'>,
): Promise<'first' | 'again' | undefined> {
  const now = db.fn.now();
  const said = { email, display_name: displayName, last_login_at: now };
  const mine = { provider_id: place.provider_id, subject, user_id: userId };
  const again = await db('connections').where(mine).update(said).increment('logins', 1);
  if (again > 0) return 'again';
  const [made] = await db('connections')
    .insert({ ...place, ...mine, ...said, logins: 1 })
    .onConflict()
    .ignore()
    .returning('id');
  if (made) return 'first';
  // At the same time, by the same person.
  return (await db('connections').where(mine).update(said).increment('logins', 1)) > 0 ? 'again' : undefined;
}

/** Makes the person at the provider this user, and nobody else; who was before is nobody any more. */
export async function connect(
  db: Knex.Transaction,
  place: Place,
  userId: number,
  { subject, email, displayName }: Pick<Arrival, 'subject' | 'email' | 'displayName'>,
): Promise<void> {
  const { provider_id } = place;
  await db('connections')
    .where({ provider_id })
    .where(either => either.where({ user_id: userId }).orWhere({ subject }))
    .delete();
  await db('connections').insert({ ...place, user_id: userId, subject, email, display_name: displayName });
}
