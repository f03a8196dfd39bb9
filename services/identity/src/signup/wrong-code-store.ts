import type { RateLimit } from '@rivergate/caller';
import { RateLimited } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/**
 * Refuses to look at a code once so many wrong ones were tried for the address in a day, whichever codes they were for.
 * Counted in the database, in the transaction that compares the code: neither a restart of Redis nor tries side by side
 * give more guesses.
 *
 * @throws RateLimited
 */
export async function requireGuessesLeft(db: Knex, email: string, limit: RateLimit | null): Promise<void> {
  if (!limit) return;
  const used = await db('wrong_codes')
    .where({ email })
    .where('count', '>=', limit.count)
    .where('ends_at', '>', db.fn.now())
    .first(db.raw('ceil(extract(epoch from ends_at - now()))::int as seconds'));
  if (!used) return;
  throw RateLimited('Too many wrong codes for this address; open the link of the mail instead', undefined, {
    'Retry-After': String(used.seconds),
  });
}

/** Counts a wrong code against its address. */
export async function countWrongCode(db: Knex, email: string, limit: RateLimit | null): Promise<void> {
  if (!limit) return;
  await db.raw(
    `insert into wrong_codes (email, count, ends_at) values (:email, 1, now() + :seconds * interval '1 second')
     on conflict (email) do update set
       count = case when wrong_codes.ends_at > now() then wrong_codes.count + 1 else 1 end,
       ends_at = case when wrong_codes.ends_at > now() then wrong_codes.ends_at else excluded.ends_at end`,
    { email, seconds: limit.seconds },
  );
}

export async function dropOldWrongCodes(knex: Knex): Promise<void> {
  await knex('wrong_codes').where('ends_at', '<', knex.fn.now()).delete();
}
