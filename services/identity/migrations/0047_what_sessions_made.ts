import type { Knex } from 'knex';

/** In which session ways into an account were made, so that they end with one that its owner disowns. */
export const whatSessionsMade = {
  name: '0047_what_sessions_made',
  async up(knex: Knex): Promise<void> {
    // Null, in each of them: nobody noted it, the session is forgotten, or it was made in none.
    const madeIn = ['totp_devices', 'email_factors', 'backup_codes', 'social_accounts'].map(
      table => `
        alter table ${table} add column session_id bigint references sessions on delete set null;
        create index on ${table} (session_id) where session_id is not null;`,
    );
    await knex.raw(`
      ${madeIn.join('')}
      -- of the password
      alter table users add column password_session_id bigint references sessions on delete set null;
      create index on users (password_session_id) where password_session_id is not null;

      -- The session in which was made what this one was opened by: a password, passkey, second factor, and so on.
      alter table sessions add column opened_through bigint references sessions on delete set null;
      create index on sessions (opened_through) where opened_through is not null;

      -- Changes of the primary address, for as long as they can be taken back.
      create table address_changes (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        session_id bigint not null references sessions on delete cascade,
        old_email text not null,
        new_email text not null,
        -- whether the new one was not on file before
        added boolean not null,
        changed_at timestamptz not null default now()
      );
      create index on address_changes (user_id);
      create index on address_changes (session_id);
      create index on address_changes (changed_at);
    `);
  },
};
