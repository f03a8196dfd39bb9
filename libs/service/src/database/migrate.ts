import type { Knex } from 'knex';

/** One step forward. It runs once, in a transaction of its own; it is never changed after a release. */
export interface Migration {
  /** `0001_accounts`: sorts in the order of application. */
  name: string;
  up(knex: Knex.Transaction): Promise<void>;
}

/**
 * Brings the service's schema up to date. Several processes may boot at once: one migrates, the others wait.
 *
 * @returns the names of the migrations that were applied now
 */
export async function migrate(knex: Knex, migrations: readonly Migration[]): Promise<string[]> {
  refuseDisorder(migrations);
  return await knex.transaction(async db => {
    await db.raw(
      "select pg_advisory_xact_lock(hashtextextended('rivergate migrations ' || current_schema(), 0))",
    );
    await db.raw(
      'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())',
    );
    const done = new Set<string>(await db('migrations').pluck('name'));
    const applied: string[] = [];
    for (const migration of migrations) {
      if (done.has(migration.name)) continue;
      await migration.up(db);
      await db('migrations').insert({ name: migration.name });
      applied.push(migration.name);
    }
    return applied;
  });
}

function refuseDisorder(migrations: readonly Migration[]): void {
  for (const [index, { name }] of migrations.entries()) {
    const before = migrations[index - 1]?.name;
    if (before !== undefined && before >= name)
      throw new Error(`Migration ${name} must sort after ${before}`);
  }
}
