import type { Knex } from 'knex';

/** Roles that are given for a time. */
export const expiringRoles = {
  name: '0010_expiring_roles',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table role_assignments add column expires_at timestamptz;
      create index expiring_role_assignments on role_assignments (expires_at) where expires_at is not null;

      -- What is held now: rows stay until somebody has noted that they have expired. Row-level security counts for who asks.
      create view held_roles with (security_invoker = true) as
        select * from role_assignments where expires_at is null or expires_at > now();
    `);
  },
};
