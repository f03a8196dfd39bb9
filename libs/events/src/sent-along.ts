import type { Knex } from 'knex';

type Sent = Knex.Raw | Knex.QueryBuilder;

/** What the client of a transaction sends in one message with something else, where it can (docs/decisions/0051). */
interface Sending {
  ahead?: Sent[];
  last?: Sent[];
}

/**
 * Sends a statement in one message with the next one of the transaction, ahead of it; never where none follows. For what only
 * prepares the others, such as a binding: a failure of it is that of the next one.
 */
export async function sendAhead(db: Knex.Transaction, statement: Sent): Promise<void> {
  const { ahead } = db.client as Sending;
  if (ahead) ahead.push(statement);
  else await statement;
}

/**
 * Sends a statement in one message with the COMMIT, in the order of being said. For what nothing in the transaction reads: a
 * failure of it fails the commit.
 *
 * @param statement one that PostgreSQL plans
 */
export async function sendWithCommit(db: Knex.Transaction, statement: Sent): Promise<void> {
  const { last } = db.client as Sending;
  if (last) last.push(statement);
  else await statement;
}
