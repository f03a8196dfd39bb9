import type { RateLimit } from '@rivergate/caller';
import { RateLimited } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/**
 * Seconds until another code may be looked at, once too many wrong ones were tried for the subject in the window,
 * whichever codes they were for; null while there are guesses left. Counted in the database, in the transaction that
 * compares the code: neither a restart of Redis nor tries side by side give more guesses.
 *
 * @param subject an address, or what else the wrong codes are counted for
 */
export async function secondsUntilGuess(
  db: Knex,
  subject: string,
  limit: RateLimit | null,
): Promise<number | null> {
  if (!limit) return null;
  const used = await db('wrong_codes')
    .where({ subject })
    .where('count', '>=', limit.count)
    .where('ends_at', '>', db.fn.now())
    .first(db.raw('ceil(extract(epoch from ends_at - now()))::int as seconds'));
  return used ? used.seconds : null;
}

/** @throws RateLimited when too many wrong codes were tried for an address */
export async function requireGuessesLeft(db: Knex, email: string, limit: RateLimit | null): Promise<void> {
  const seconds = await secondsUntilGuess(db, email, limit);
  if (seconds === null) return;
  throw RateLimited('Too many wrong codes for this address; open the link of the mail instead', undefined, {
    'Retry-After': String(seconds),
  });
}

/** Counts a wrong code against its subject. @returns how many there are in the window */
export async function countWrongCode(db: Knex, subject: string, limit: RateLimit | null): Promise<number> {
  if (!limit) return 0;
  const { rows } = await db.raw(
    `insert into wrong_codes (subject, count, ends_at) values (:subject, 1, now() + :seconds * interval '1 second')
     on conflict (subject) do update set
       count = case when wrong_codes.ends_at > now() then wrong_codes.count + 1 else 1 end,
       ends_at = case when wrong_codes.ends_at > now() then wrong_codes.ends_at else excluded.ends_at end
     returning count`,
    { subject, seconds: limit.seconds },
  );
  return rows[0].count;
}

export async function dropOldWrongCodes(knex: Knex): Promise<void> {
  await knex('wrong_codes').where('ends_at', '<', knex.fn.now()).delete();
}
