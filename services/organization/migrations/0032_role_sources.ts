import type { Knex } from 'knex';

/** Who gave a role, where it was no administrator. */
export const roleSources = {
  name: '0032_role_sources',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      -- Sources whose groups give it ('scim', 'sso 7'); null: given by people, and no source takes it away.
      alter table role_assignments add column sources text[] check (cardinality(sources) > 0);
      -- Came with a role that a source gave, and goes with the last one there.
      alter table workspace_members add column provisioned boolean not null default false;
    `);
  },
};
