import type { Knex } from 'knex';

/** Where applications are told that somebody has signed out, and what they have still to be told. */
export const backchannelLogout = {
  name: '0034_backchannel_logout',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table oauth_applications add column backchannel_logout_uri text;

      create table logout_notices (
        id bigint generated always as identity primary key,
        application_id bigint not null references oauth_applications on delete cascade,
        user_id bigint not null,
        session_id bigint not null,
        tries int not null default 0,
        next_try_at timestamptz not null default now(),
        unique (application_id, session_id)
      );
      create index on logout_notices (next_try_at);
    `);
  },
};
