import type { Knex } from 'knex';

/** What a session was not asked for, authentications within one, and what was made in it. */
export const stepUp = {
  name: '0024_step_up',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- Whether the account had a second factor when the session was last authenticated, which that did without.
      alter table sessions add column second_factor_omitted boolean not null default false;
      -- Nobody noted it of those that are there: they are asked for everything.
      update sessions set second_factor_omitted = not 'mfa' = any (authentication_methods);

      -- The session that what waits for a second factor authenticates anew; null: it opens one.
      alter table pending_logins add column session_id bigint references sessions on delete cascade;
      create index on pending_logins (session_id) where session_id is not null;

      -- The session in which it was made; null where nobody noted it, or the session is forgotten.
      alter table personal_tokens add column session_id bigint references sessions on delete set null;
      create index on personal_tokens (session_id) where session_id is not null;
      alter table passkeys add column session_id bigint references sessions on delete set null;
      create index on passkeys (session_id) where session_id is not null;
    `);
  },
};
