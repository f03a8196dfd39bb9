import type { Knex } from 'knex';

/** Whether people are let in by the identity provider of the organization only. */
export const ssoRequirement = {
  name: '0035_sso_requirement',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      alter table organizations
        -- {break_glass_user_ids, exempt_user_ids, login_url}; null: not required
        add column sso_requirement jsonb,
        add column sso_revision int not null default 0;
    `);
  },
};
