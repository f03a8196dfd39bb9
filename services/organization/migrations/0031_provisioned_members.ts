import type { Knex } from 'knex';

/** What is remembered of members whom an identity provider or a SCIM client brought, and of what their organization was told. */
export const provisionedMembers = {
  name: '0031_provisioned_members',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      -- How the membership had come about that ended; null before this was noted.
      alter table former_members add column source text;

      -- Of a try that no user made, the organization whose SCIM client made it.
      alter table taken_addresses
        alter column told_to drop not null,
        add column told_to_organization bigint,
        add check (num_nulls(told_to, told_to_organization) = 1);
      create index on taken_addresses (told_to_organization, told_at);
    `);
  },
};
