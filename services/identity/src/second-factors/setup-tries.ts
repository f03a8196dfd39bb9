import type { Emit } from '@rivergate/endpoint';
import { secondFactorSetupFailed } from '@rivergate/events';
import type { Knex } from 'knex';
import { InvalidCode, type Method, SetupLocked } from './method.ts';

const FREE_TRIES = 3;
const LOCK_SECONDS = 60;

/**
 * In the database, so that the lock is one for all processes and outlives them. The caller holds the account's row.
 *
 * @throws SetupLocked
 */
export async function requireTriesLeft(db: Knex, userId: number, method: Method): Promise<void> {
  const locked = await db('setup_tries')
    .where({ user_id: userId, method })
    .where('locked_until', '>', db.fn.now())
    .first(db.raw('ceil(extract(epoch from locked_until - now()))::int as seconds'));
  if (locked) throw SetupLocked(undefined, undefined, { 'Retry-After': String(locked.seconds) });
}

/** Counts a wrong code; after three of them every try is refused for a minute. @returns the refusal */
export async function refuseCode(
  { db, emit }: { db: Knex; emit: Emit },
  userId: number,
  method: Method,
): Promise<ReturnType<typeof InvalidCode>> {
  await db.raw(
    `insert into setup_tries (user_id, method, wrong) values (:user, :method, 1)
     on conflict (user_id, method) do update set
       wrong = case when setup_tries.locked_until is null then setup_tries.wrong + 1 else 1 end,
       locked_until = case when setup_tries.locked_until is null and setup_tries.wrong + 1 >= :free
         then now() + :seconds * interval '1 second' end`,
    { user: userId, method, free: FREE_TRIES, seconds: LOCK_SECONDS },
  );
  await emit(secondFactorSetupFailed, {
    aggregateId: userId,
    organizationId: null,
    data: { user_id: userId, method },
  });
  return InvalidCode();
}

export async function forgetTries(db: Knex, userId: number, method: Method): Promise<void> {
  await db('setup_tries').where({ user_id: userId, method }).delete();
}
