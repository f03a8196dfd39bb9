import type { Knex } from 'knex';

/** What the workers of this process hear of. */
export interface Attached {
  /** There is work. */
  ring(): void;
  /** A job is not as it was: whoever follows it may look. */
  changed(jobId: number): void;
  /** @returns what ends it */
  follow(jobId: number, look: () => void): () => void;
}

/**
 * The workers of this process by the configuration of their database: what a knex instance has in common with its
 * transactions.
 */
const attached = new WeakMap<object, Attached>();

export function attach(knex: Knex, workers: Attached): void {
  attached.set(knex.client.config, workers);
}

export function attachedTo(db: Knex): Attached | undefined {
  return attached.get(db.client.config);
}

/** Tells once the transaction is committed: there may be work, and the job has changed. */
export function tellAfterCommit(db: Knex.Transaction, jobId: number): void {
  const tell = () => {
    attachedTo(db)?.ring();
    attachedTo(db)?.changed(jobId);
  };
  db.executionPromise?.then(tell, () => {});
}
