import type { Knex } from 'knex';

/** From where, and by which tokens and applications, organizations let their members in. */
export const admission = {
  name: '0049_admission',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table organization_policies
        -- Empty: from everywhere.
        add column ip_allow_list cidr[] not null default '{}',
        add column organization_tokens boolean not null default true,
        add column oauth_applications boolean not null default true;
    `);
  },
};
