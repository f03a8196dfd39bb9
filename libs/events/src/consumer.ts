import type { Knex } from 'knex';
import type { EventData, EventDeclaration } from './declaration.ts';
import type { Emission } from './emit.ts';
import type { Actor, CloudEvent } from './envelope.ts';
import type { Logger } from './logger.ts';

export interface ConsumerTools {
  /** The transaction that also holds the inbox row; row-level security is in platform scope. */
  db: Knex.Transaction;
  /** Emits in the same transaction; the actor is this service unless another is given. */
  emit: <Declaration extends EventDeclaration>(
    declaration: Declaration,
    emission: Omit<Emission<EventData<Declaration>>, 'actor'> & { actor?: Actor },
  ) => Promise<CloudEvent<EventData<Declaration>>>;
  log: Logger;
}

export interface Reaction {
  declaration: EventDeclaration;
  handle: (event: CloudEvent, tools: ConsumerTools) => Promise<void>;
}

export interface Consumer {
  /** Part of the consumer group's name: a new name starts at the oldest event. */
  readonly name: string;
  readonly on: readonly Reaction[];
}

/** What a consumer does about one kind of event. The handler runs in a transaction, and again if it throws. */
export function on<Declaration extends EventDeclaration>(
  declaration: Declaration,
  handle: (event: CloudEvent<EventData<Declaration>>, tools: ConsumerTools) => Promise<void>,
): Reaction {
  return { declaration, handle: handle as Reaction['handle'] };
}

/** Declares a consumer. @throws when it reacts twice to one event */
export function consumer(declaration: Consumer): Consumer {
  const types = declaration.on.map(reaction => reaction.declaration.type);
  if (new Set(types).size !== types.length) throw new Error(`${declaration.name} reacts twice to one event`);
  return declaration;
}
