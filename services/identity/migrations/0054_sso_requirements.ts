import type { Knex } from 'knex';

/** Organizations that let people in by their identity provider only. */
export const ssoRequirements = {
  name: '0054_sso_requirements',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table sso_requirements (
        organization_id bigint primary key,
        revision int not null,
        required boolean not null,
        -- Who is let in without.
        except_user_ids bigint[] not null,
        login_url text,
        check (not required or login_url is not null)
      );
    `);
  },
};
