import { type Actor, emit } from '@rivergate/events';
import { exampleActor, itemChanged, type TestDatabase, testDatabase } from '@rivergate/events/testing';
import { type ChainState, emptyChain, follow } from '../follow.ts';
import { chainedAuditLogStatements } from '../log-table.ts';
import { type StoredEntry, storedEntry, storedNodes } from '../stored-entry.ts';

export interface ChainedDatabase extends TestDatabase {
  /** Emits so many events of an organization, each in a transaction, and some at once. */
  fill(organizationId: number, entries: number, actor?: Actor): Promise<void>;
  entries(organizationId: number): Promise<StoredEntry[]>;
  /** As somebody who can do everything in the database, also what triggers forbid. */
  tamper(statement: string): Promise<void>;
  /** Follows a chain from where it starts. @returns what is wrong first, and how far it was right */
  followed(organizationId: number): Promise<{ fault: string | undefined; state: ChainState }>;
}

/** A database in which the audit log of the service `inventory` is chained, carried over from one that was not. */
export async function chainedDatabase(before?: (database: TestDatabase) => Promise<unknown>) {
  const database = await testDatabase();
  await before?.(database);
  const writer = new URL(database.url).username;
  const chain = () => database.admin(chainedAuditLogStatements({ schema: 'inventory', writer }));
  await chain();
  const chained: ChainedDatabase = {
    ...database,
    async fill(organizationId, entries, actor = exampleActor) {
      const each = Array.from({ length: entries }, (_, index) => index);
      for (let at = 0; at < entries; at += 5)
        await Promise.all(
          each.slice(at, at + 5).map(quantity =>
            database.knex.transaction(trx =>
              emit(trx, itemChanged, {
                aggregateId: 12,
                organizationId,
                actor,
                data: { item_id: 12, quantity },
              }),
            ),
          ),
        );
    },
    async entries(organizationId) {
      return (await database.admin(
        'select * from inventory.audit_log where organization_id = $1 order by sequence, id',
        [organizationId],
      )) as unknown as StoredEntry[];
    },
    async tamper(statement) {
      await database.admin(`set session_replication_role = replica; ${statement};
        set session_replication_role = origin`);
    },
    async followed(organizationId) {
      const state = emptyChain();
      for (const row of await chained.entries(organizationId)) {
        const fault = follow(state, storedEntry(row), storedNodes(row));
        if (fault) return { fault: `${row.sequence} ${fault}`, state };
      }
      return { fault: undefined, state };
    },
  };
  return { ...chained, chain };
}
