import type { RateLimitClass } from '@rivergate/caller';
import type { EventDeclaration } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { acceptedBy, isStreamed } from './body/kinds.ts';
import type { Files } from './body/upload.ts';
import type { Call, CallOf } from './call.ts';
import { completeSpec, type SpecDefaults } from './complete-spec.ts';
import type { EndpointSpec, Input, Outcome, TakesFiles } from './spec.ts';

/** Where the request came from; what an audit entry and a session row keep of it. */
export interface RequestFacts {
  id: string;
  ip: string | null;
  userAgent: string | null;
  traceparent: string | null;
}

export interface Log {
  debug(facts: object, message?: string): void;
  info(facts: object, message?: string): void;
  warn(facts: object, message?: string): void;
  error(facts: object, message?: string): void;
}

/** Writes the event and its audit entry in the transaction at hand. */
export type Emit = <Data extends z.ZodObject>(
  declaration: EventDeclaration<Data>,
  fact: {
    aggregateId: number | string;
    data: z.input<Data>;
    /** Default: the organization that the caller acts on; null for a fact of no organization. */
    organizationId?: number | null;
    /** Default: the caller. Given where the fact is about someone who is not signed in yet. */
    userId?: number | null;
    /** Default: who acts in the caller's name, where somebody does. */
    impersonatorId?: number;
  },
) => Promise<void>;

/** Runs work in a short transaction of its own, beside that of the request. */
export type Briefly = <Result>(
  work: (db: Knex.Transaction) => Promise<Result>,
  options?: {
    /** Also for a caller who may no longer: takes back what was written while they still did. */
    takingBack?: true;
  },
) => Promise<Result>;

/** What every handler has, whichever its service. */
export interface Context {
  request: RequestFacts;
  cookies: Record<string, string>;
  log: Log;
  /** Asks another service; see libs/contracts. Who called, the request's id, address and trace go along by themselves. */
  call: Call;
  /** A short transaction of its own, in `prepare` and `undo`: for what is read or written while a body comes. */
  briefly: Briefly;
  /** Counts one try of this class for the key and throws RateLimited when there are none left. */
  limit(limitClass: RateLimitClass, key: string): Promise<void>;
  /** Forgets the tries of this class for the key. */
  clearLimit(limitClass: RateLimitClass, key: string): Promise<void>;
}

/** What a handler has inside its transaction. */
export interface TransactionContext extends Context {
  /**
   * The request's transaction, bound by row-level security to the organization that the caller acts on. In what only
   * reads, each statement is a transaction of its own, bound in the same way.
   */
  db: Knex.Transaction;
  emit: Emit;
  /** Runs when the transaction is committed, before the answer goes out; a failure in it is logged, not answered. */
  afterCommit(work: () => Promise<void>): void;
}

type Handler<Spec extends EndpointSpec, Tools, Prepared> = (
  context: Input<Spec> & TransactionContext & CallOf<Spec> & Tools & { prepared: Prepared },
) => Promise<Outcome<Spec>>;

/** What `prepare` has beside the rest, where the declaration takes files. */
type Receiving<Spec extends EndpointSpec> = TakesFiles<Spec> extends true ? { files: Files } : unknown;

/** A handler in steps. */
export interface SteppedHandler<Spec extends EndpointSpec, Tools, Prepared> {
  /**
   * Which organization the request acts in, where what it names lies in one that need not be the active one; undefined for
   * the active one. The caller's rights are those there. For an endpoint with `activeOrganization`.
   *
   * @param context with the database as it is before anything is bound: say what is read across organizations
   */
  organization?(
    context: Input<Spec> & { db: Knex.Transaction },
  ): Promise<number | undefined> | number | undefined;
  /** Refuses what the schema cannot, where it has an error of its own. What is refused here counts in no narrow limit. */
  check?(input: Input<Spec>): void;
  /**
   * Runs before the transaction opens: for slow work such as hashing or receiving files, that must hold no connection.
   * What it throws, it has taken back itself.
   */
  prepare?(context: Input<Spec> & Context & CallOf<Spec> & Tools & Receiving<Spec>): Promise<Prepared>;
  /**
   * Takes back what `prepare` did elsewhere, where the request was not carried out after all: refused, rolled back, or
   * answered with the answer kept for its key. A failure in it is logged.
   */
  undo?(context: Input<Spec> & Context & CallOf<Spec> & Tools & { prepared: Prepared }): Promise<void>;
  handle: Handler<Spec, Tools, Prepared>;
  /**
   * What to go by in place of what was prepared, where the transaction failed because that no longer held: it runs once more
   * then, from its beginning, and that is the last time. Undefined where the failure stands.
   */
  again?(context: Tools & { prepared: NoInfer<Prepared>; cause: unknown }): Prepared | undefined;
}

/** A declared endpoint with what it does. The server needs no type but the declaration's, and that only for tests. */
export interface Endpoint<Spec extends EndpointSpec = EndpointSpec> {
  spec: Spec;
  organization?: ((context: never) => Promise<number | undefined> | number | undefined) | undefined;
  check?: ((input: never) => void) | undefined;
  prepare?: ((context: never) => Promise<unknown>) | undefined;
  undo?: ((context: never) => Promise<void>) | undefined;
  handle: (context: never) => Promise<unknown>;
  again?: ((context: never) => unknown) | undefined;
}

/**
 * The `endpoint` function of a service whose handlers also get `Tools`.
 *
 * @param defaults of declarations that say nothing else
 * @example export const endpoint = endpoints<{ mail: Mailer }>();
 */
export function endpoints<Tools extends object = object>(defaults: SpecDefaults = {}) {
  return function endpoint<const Spec extends EndpointSpec, Prepared = undefined>(
    spec: Spec,
    handler: Handler<Spec, Tools, undefined> | SteppedHandler<Spec, Tools, Prepared>,
  ): Endpoint<Spec> {
    const steps = typeof handler === 'function' ? { handle: handler } : handler;
    const completed = completeSpec(spec, defaults);
    if ('organization' in steps && !spec.activeOrganization)
      throw new Error(
        `${spec.method} ${spec.path} finds its organization and does not say activeOrganization`,
      );
    if (acceptedBy(spec).some(isStreamed) && !('prepare' in steps))
      throw new Error(`${spec.method} ${spec.path} takes files and has no step to receive them in: prepare`);
    return { ...(steps as Omit<Endpoint, 'spec'>), spec: completed };
  };
}
