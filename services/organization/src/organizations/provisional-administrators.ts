import { withdrawAccount } from '@rivergate/contracts';
import { type Call, Failure } from '@rivergate/endpoint';
import type { Job } from '@rivergate/service';
import type { Knex } from 'knex';

/** Seconds after which an account without its organization belongs to no request any more. */
const ABANDONED_AFTER = 120;

/** Notes, outside of any transaction, that an account exists for an organization which does not yet. */
export async function recordProvisional(knex: Knex, userId: number): Promise<void> {
  await knex('provisional_administrators').insert({ user_id: userId });
}

/**
 * The account stays: part of the transaction that creates the organization.
 *
 * @throws Error when it was taken back already, so that no organization is left without an administrator
 */
export async function keepAccount(db: Knex.Transaction, userId: number): Promise<void> {
  const kept = await db('provisional_administrators').where({ user_id: userId }).delete();
  if (kept !== 1) throw new Error(`The account ${userId} was taken back before its organization was there`);
}

/** Has identity remove an account whose organization failed. One that was verified meanwhile stays: it is someone's. */
export async function takeBack(knex: Knex, call: Call, userId: number): Promise<void> {
  await call(withdrawAccount, { params: { user_id: userId } }).catch(cause => {
    const settled = cause instanceof Failure && (cause.status === 404 || cause.status === 409);
    if (!settled) throw cause;
  });
  await knex('provisional_administrators').where({ user_id: userId }).delete();
}

/** Takes back what a crash, or identity being down, has left. */
export const takeBackAbandoned: Job<{ knex: Knex; call: Call }> = {
  name: 'take back abandoned accounts',
  every: 60,
  run: async ({ knex, call }) => {
    const abandoned: number[] = await knex('provisional_administrators')
      .whereRaw("created_at < now() - ? * interval '1 second'", [ABANDONED_AFTER])
      .limit(100)
      .pluck('user_id');
    for (const userId of abandoned) await takeBack(knex, call, userId);
  },
};
