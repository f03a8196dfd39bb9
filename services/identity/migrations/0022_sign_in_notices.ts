import type { Knex } from 'knex';

/** Sign-ins of which the owner was told by mail, for as long as the link in it works. */
export const signInNotices = {
  name: '0022_sign_in_notices',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table sign_in_notices (
        -- SHA-256 of the token in the link; the token itself is nowhere
        token_hash text primary key,
        session_id bigint not null references sessions on delete cascade,
        user_id bigint not null references users on delete cascade,
        created_at timestamptz not null default now()
      );
      create index on sign_in_notices (user_id, created_at);
      create index on sign_in_notices (created_at);
    `);
  },
};
