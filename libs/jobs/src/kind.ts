import type { Principal } from '@rivergate/caller';
import type { Emit, Log, Reply, RequestFacts, UserRule } from '@rivergate/endpoint';
import type { EventDeclaration } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import type { Job } from './job.ts';

/** Everything about a kind of job but what it does. */
export interface JobKindSpec {
  /** `bulk_invite`: unique in the service; operations of its endpoints are named after it, as in `getBulkInvite`. */
  name: string;
  /** Below which its jobs stand, such as `/organizations/:org_id/members/bulk-invite`. */
  path: string;
  /** Where a recorded contract names jobs in another way than by `job_id` and a number: `import_id` and `import_`. */
  reference?: { name: string; prefix: string };
  /** The service itself declares what GET of a job answers. */
  ownStatus?: true;
  /** Who may start its jobs, see them and act on them. Asked again of the starter for each slice of a job. */
  caller: UserRule;
  /** What all items of a job share; JSON, shown to nobody. */
  input: z.ZodObject;
  /** One item, as callers see it too. */
  item: z.ZodObject;
  /** What an item that is done came to. */
  result: z.ZodObject;
  /** How often an item is tried that fails for no declared reason. */
  attempts: number;
  /** How many jobs of this kind are worked at at once, in all processes together; default 8. */
  concurrency?: number;
  /** Seconds until a job that is not finished fails; default a day. */
  deadline?: number;
  /** Days for which a finished job can be looked up; default 30. */
  keep?: number;
}

/** What every item function gets before its transaction. */
export interface ItemContext<Spec extends JobKindSpec> {
  input: z.output<Spec['input']>;
  item: z.output<Spec['item']>;
  jobId: number;
  /** Who started the job, with what they may do now. */
  caller: Principal & { userId: number; organizationId: number };
  /** The same at each try: for effects outside of the database. */
  idempotencyKey: string;
  /** Aborted when the job is another worker's now: whatever is still going on is in vain. */
  signal: AbortSignal;
  log: Log;
}

/** And inside of it. */
export interface ItemTransaction {
  /** Bound to the job's organization. Commits together with the item's result, or not at all. */
  db: Knex.Transaction;
  emit: Emit;
}

/**
 * Carries one item out. A declared failure that it throws is the item's result; 429 and 503 come again, as does
 * whatever is not declared.
 */
export type ItemFunction<Spec extends JobKindSpec, Tools, Prepared> = (
  context: ItemContext<Spec> & ItemTransaction & Tools & { prepared: Prepared },
) => Promise<z.input<Spec['result']>>;

export interface SteppedItem<Spec extends JobKindSpec, Tools, Prepared> {
  /** Runs before the transaction, for effects elsewhere. It may run again for the same item, with the same key. */
  prepare(context: ItemContext<Spec> & Tools): Promise<Prepared>;
  handle: ItemFunction<Spec, Tools, Prepared>;
}

/** The facts that the jobs of a service become on the event log; see `jobEvents` of libs/events. */
export interface JobEvents {
  started: EventDeclaration;
  changed: EventDeclaration;
  finished: EventDeclaration;
}

/** What a handler has of which a job is made. */
export interface Starter {
  db: Knex.Transaction;
  emit: Emit;
  caller: Principal & { userId: number; organizationId: number };
  request: RequestFacts;
}

export interface JobKind<Spec extends JobKindSpec = JobKindSpec> {
  spec: Spec;
  events: JobEvents;
  prepare?: ((context: never) => Promise<unknown>) | undefined;
  handle: (context: never) => Promise<unknown>;
  /**
   * Starts a job in the transaction of a handler: it is worked at once that is committed, and never if it is not.
   *
   * @returns the answer of the endpoint: 202 with the job and its address
   * @throws TooManyJobs
   */
  start(
    starter: Starter,
    job: { input: z.output<Spec['input']>; items: readonly z.output<Spec['item']>[] },
  ): Promise<Reply<z.input<typeof Job>>>;
}
