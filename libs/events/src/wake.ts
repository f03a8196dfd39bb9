import type { Knex } from 'knex';

/**
 * Relays of this process by the configuration of their database: what a knex instance has in common with its
 * transactions.
 */
const relays = new WeakMap<object, () => void>();

/** Has the relay told of every commit on this database that left something in the outbox. */
export function onOutboxCommit(knex: Knex, tell: () => void): void {
  relays.set(knex.client.config, tell);
}

/**
 * Tells this process's relay once the transaction is committed. Not by NOTIFY within the transaction: that takes a
 * lock on the whole cluster at commit, one writer after the other.
 */
export function wakeAfterCommit(trx: Knex.Transaction): void {
  const committed = () => relays.get(trx.client.config)?.();
  trx.executionPromise?.then(committed, () => {});
}
