import { setTimeout as pause } from 'node:timers/promises';
import { EmailTaken, withdrawAccount } from '@rivergate/contracts';
import { type Call, Failure } from '@rivergate/endpoint';
import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import { violatesUniqueness } from './unique-violation.ts';

/** Seconds after which an account without its organization belongs to no request any more. */
const ABANDONED_AFTER = 120;

const table = (knex: Knex) => knex('provisional_administrators');

/** Milliseconds between two tries to claim an address. */
const PAUSE = 100;

/**
 * Notes, before identity is asked for the account, that someone is about to register with the address. Waits for a
 * request that is at it, without a connection: it may be this very request, sent twice with one key.
 *
 * @param patience milliseconds to wait at most
 * @param vouched an organization vouches for the address, against whoever has not verified it
 * @throws EmailTaken while another request is at it, and where its unverified owner has created an organization
 */
export async function claimAddress(
  knex: Knex,
  email: string,
  patience: number,
  vouched = false,
): Promise<number> {
  const until = Date.now() + patience;
  for (;;) {
    const [claim] = await table(knex).insert({ email }).onConflict('email').ignore().returning('id');
    if (claim) {
      // Under the claim: who had it before has an organization, and is known, or has none.
      if (vouched) return claim.id;
      const known = await knex('people').where({ email }).whereRaw("verified_emails = '{}'").first('user_id');
      if (!known) return claim.id;
      await releaseAddress(knex, claim.id);
      throw EmailTaken();
    }
    if (Date.now() >= until) throw EmailTaken();
    await pause(PAUSE);
  }
}

export async function releaseAddress(knex: Knex, claimId: number): Promise<void> {
  await table(knex).where({ id: claimId }).delete();
}

/**
 * Notes which account was made under the claim, so that it is taken back unless its organization comes to be.
 *
 * @throws EmailTaken when the account was removed already, in favour of another registration with the address
 */
export async function recordAccount(knex: Knex, claimId: number, userId: number): Promise<void> {
  await table(knex)
    .where({ id: claimId })
    .update({ user_id: userId })
    .catch(cause => {
      throw violatesUniqueness(cause) ? EmailTaken() : cause;
    });
}

/**
 * The account stays: part of the transaction that creates the organization.
 *
 * @throws EmailTaken when it was taken back already, so that no organization is left without an administrator
 */
export async function keepAccount(db: Knex.Transaction, userId: number): Promise<void> {
  const kept = await table(db).where({ user_id: userId, taken_back: false }).delete();
  if (kept !== 1) throw EmailTaken('The account was removed before its organization was there; try again');
}

/** Identity has removed the account: an organization that is being created with it fails, or is there by now. */
export async function refuseOrganization(db: Knex.Transaction, userId: number): Promise<void> {
  await table(db).insert({ user_id: userId, taken_back: true }).onConflict('user_id').merge(['taken_back']);
}

/**
 * Has identity remove an account whose organization failed. One whose organization is there stays, also when its
 * request never learned of the commit; so does one that was verified meanwhile: it is someone's.
 */
export async function takeBack(knex: Knex, call: Call, userId: number): Promise<void> {
  // Waits for a transaction that keeps the account: the row is gone then.
  const goes = await table(knex).where({ user_id: userId }).update({ taken_back: true });
  if (goes === 0) return;
  await call(withdrawAccount, { params: { user_id: userId } }).catch(cause => {
    const settled = cause instanceof Failure && (cause.status === 404 || cause.status === 409);
    if (!settled) throw cause;
  });
  await table(knex).where({ user_id: userId }).delete();
}

/** Takes back what a crash, or identity being down, has left. */
export const takeBackAbandoned: Schedule<{ knex: Knex; call: Call }> = {
  name: 'take back abandoned accounts',
  every: 60,
  run: async ({ knex, call }) => {
    const abandoned = () =>
      table(knex).whereRaw("created_at < now() - ? * interval '1 second'", [ABANDONED_AFTER]);
    // Nothing to take back: no account was made, or identity has removed it. Identity ends what it made unheard.
    await abandoned()
      .where(row => row.whereNull('user_id').orWhereNull('email'))
      .delete();
    const userIds: number[] = await abandoned().limit(100).pluck('user_id');
    for (const userId of userIds) await takeBack(knex, call, userId);
  },
};
