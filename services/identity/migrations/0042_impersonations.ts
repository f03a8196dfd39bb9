import type { Knex } from 'knex';

/** What administrators asked to do in the name of members, and the sessions in which they do it. */
export const impersonations = {
  name: '0042_impersonations',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- Who acts in it in the name of its user; null where the user does.
      alter table sessions add column impersonator_id bigint references users on delete cascade;

      create table impersonations (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        -- as it was shown to whom it was asked of
        organization_name text not null,
        user_id bigint not null references users on delete cascade,
        administrator_id bigint not null references users on delete cascade,
        reason text not null,
        minutes int not null,
        requested_at timestamptz not null default now(),
        -- until when it can be approved
        expires_at timestamptz not null,
        approved_at timestamptz,
        approved_session_id bigint references sessions on delete set null,
        ends_at timestamptz,
        started_at timestamptz,
        -- in which it goes on, and the administrator's own that it was started in: it ends with either
        session_id bigint unique references sessions on delete set null,
        administrator_session_id bigint references sessions on delete set null,
        ended_at timestamptz,
        end_reason text
      );
      create index on impersonations (organization_id, id desc);
      create index on impersonations (user_id, id desc);
      create index on impersonations (administrator_id);
      create index on impersonations (administrator_session_id) where ended_at is null;
      create index on impersonations (approved_session_id) where ended_at is null;
      create index on impersonations (expires_at) where ended_at is null;
    `);
  },
};
