import { type RateLimit, rateLimitHeaders, rateLimitsFromEnv } from '@rivergate/caller';
import { rateLimited } from '@rivergate/endpoint';
import type { Knex } from 'knex';

const CLASS = 'taken_address';

export const takenAddressLimit = (env: Record<string, string | undefined>): RateLimit | null =>
  rateLimitsFromEnv(env)[CLASS];

/** Who is told: a user, or an organization by its SCIM client. */
export type ToldTo = { told_to: number } | { told_to_organization: number };

/**
 * Refuses a caller who was told often enough that an address has an account. Asked before anything tells so, since who
 * has used up the limit would otherwise learn it by being refused or not.
 *
 * @throws RateLimited
 */
export async function requireUntold(knex: Knex, caller: ToldTo, limit: RateLimit | null): Promise<void> {
  if (limit) await requireRoom(knex, caller, limit);
}

/**
 * Counts that the caller is told so now. Of several at once only as many are told as there is room for.
 *
 * @throws RateLimited
 */
export async function countTold(knex: Knex, caller: ToldTo, limit: RateLimit | null): Promise<void> {
  if (!limit) return;
  await knex.transaction(async db => {
    await db.raw("select pg_advisory_xact_lock(hashtextextended('taken addresses ' || ?, 0))", [
      JSON.stringify(caller),
    ]);
    await requireRoom(db, caller, limit);
    await db('taken_addresses')
      .where(caller)
      .whereRaw("told_at <= now() - ? * interval '1 second'", [limit.seconds])
      .delete();
    await db('taken_addresses').insert(caller);
  });
}

async function requireRoom(db: Knex, caller: ToldTo, { count, seconds }: RateLimit): Promise<void> {
  const blocking = await db('taken_addresses')
    .where(caller)
    .whereRaw("told_at > now() - ? * interval '1 second'", [seconds])
    .orderBy('told_at', 'desc')
    .offset(count - 1)
    .first(
      db.raw("ceil(extract(epoch from told_at + ? * interval '1 second' - now()))::int as left", [seconds]),
    );
  if (!blocking) return;
  const verdict = {
    class: CLASS,
    allowed: false,
    limit: count,
    windowSeconds: seconds,
    remaining: 0,
    resetSeconds: Math.max(1, blocking.left),
  } as const;
  throw rateLimited(verdict, rateLimitHeaders(verdict));
}
