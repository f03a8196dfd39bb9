import type { Knex } from 'knex';

/** How organizations show themselves on the pages where people sign in, as far as they have set something. */
export const organizationBranding = {
  name: '0045_organization_branding',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table organization_branding (
        organization_id bigint primary key,
        organization_name text not null,
        accent_color text,
        logo_id text,
        said_at timestamptz not null
      );
    `);
  },
};
